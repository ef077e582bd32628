// One run: its graph, what each node did and when, and what went in and came out. Follows a run that goes on.

import { useEffect, useState } from "preact/hooks";
import { get, listen, type Detail, type NodeRun } from "./api";
import { Mark } from "./list";
import { Picture } from "./picture";
import { count, money, moment, say, time } from "./said";
import { Timeline } from "./timeline";

const AGAIN = 400;
/** Milliseconds until nodes are written down that have ended with a run. */

export function View({ id }: { id: string }) {
  const [detail, setDetail] = useState<Detail | null>(null);
  const [live, setLive] = useState<NodeRun[] | null>(null);
  const [wrong, setWrong] = useState("");
  const [chosen, choose] = useState("");

  useEffect(() => {
    const ending = new AbortController();
    const { signal } = ending;
    async function follow(): Promise<void> {
      const found = await get<Detail>(`runs/${id}`, {}, signal);
      setDetail(found);
      if (found.run.status !== "running") return;
      const known = new Map<string, NodeRun>();
      for await (const news of listen(id, signal)) {
        if (!news.node) continue;
        known.set(news.node.id, news.node);
        setLive([...known.values()]);
      }
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
      setDetail(await get<Detail>(`runs/${id}`, {}, signal));
      setLive(null);
    }
    follow().catch((problem: Error) => signal.aborted || setWrong(problem.message));
    return () => ending.abort();
  }, [id]);

  if (!detail) return wrong ? <p class="wrong" role="alert">{wrong}</p> : <p class="quiet">{say("loading")}</p>;
  const { run } = detail;
  const nodes = live ?? detail.nodes;
  const failed = nodes.find((node) => node.status === "failed" && !nodes.some((other) => other.status === "failed" && inside(other, node)));
  const name = (node: NodeRun) => node.title || node.node_id;
  return (
    <article class="run">
      <p><a href="#/">← {say("back")}</a></p>
      <header class="summary">
        <h1>{run.app || run.app_id} <Mark of={run.status} /></h1>
        {live && <p class="live" role="status">{say("live")}</p>}
        {run.error && (
          <div class="failure" role="alert">
            {failed && <button class="where" onClick={() => choose(failed.node_id)}>{say("where", { node: name(failed) })}</button>}
            <p>{run.error}</p>
          </div>
        )}
        <dl class="facts">
          <Fact name={say("user")} value={run.user} />
          <Fact name={say("began")} value={moment(run.created_at)} />
          <Fact name={say("took")} value={run.status === "running" ? "" : time(run.elapsed_time)} />
          <Fact name={say("tokens")} value={run.total_tokens ? count(run.total_tokens) : ""} />
          <Fact name={say("price")} value={money(run.total_price, run.currency)} />
          <Fact name={say("steps")} value={run.total_steps ? String(run.total_steps) : ""} />
          <Fact name={say("id")} value={run.id} />
          <Fact name={say("version")} value={run.workflow_id} />
        </dl>
      </header>
      <section aria-labelledby="graph">
        <h2 id="graph">{say("graph")}</h2>
        {detail.graph ? <Picture graph={detail.graph} nodes={nodes} chosen={chosen} choose={choose} /> : <p class="quiet">{say("noGraph")}</p>}
      </section>
      {chosen && <Panel nodes={nodes.filter((node) => node.node_id === chosen)} id={chosen} detail={detail} close={() => choose("")} />}
      <section aria-labelledby="timeline">
        <h2 id="timeline">{say("timeline")}</h2>
        {nodes.length ? <Timeline run={run} nodes={nodes} choose={choose} /> : <p class="quiet">{say("noNodes")}</p>}
      </section>
      <section class="both">
        <Values name={say("inputs")} values={detail.inputs} />
        <Values name={say("outputs")} values={detail.outputs} />
      </section>
    </article>
  );
}

/** Whether the first one runs within the second, an iteration or a loop. */
const inside = (one: NodeRun, other: NodeRun) => one.iteration_id === other.node_id || one.loop_id === other.node_id;

function Fact({ name, value }: { name: string; value: string }) {
  return value ? <div><dt>{name}</dt><dd>{value}</dd></div> : null;
}

export function Values({ name, values }: { name: string; values: unknown }) {
  if (!values || !Object.keys(values).length) return null;
  return (
    <figure class="values card">
      <figcaption>{name}</figcaption>
      <pre tabIndex={0} aria-label={name}>{JSON.stringify(values, null, 2)}</pre>
    </figure>
  );
}

const ROUNDS = 50;
/** Executions of a node that are shown at the most. */

function Panel({ nodes, id, detail, close }: { nodes: NodeRun[]; id: string; detail: Detail; close: () => void }) {
  const drawn = detail.graph?.nodes.find((node) => node.id === id);
  return (
    <section class="panel card" aria-labelledby="panel" tabIndex={-1} ref={(box: HTMLElement | null) => box?.scrollIntoView({ block: "nearest" })}>
      <header>
        <h2 id="panel">{nodes[0]?.title || drawn?.title || id} <small class="quiet">{nodes[0]?.node_type ?? drawn?.type}</small></h2>
        <button class="plain" onClick={close} aria-label={say("close")}>✕</button>
      </header>
      {!nodes.length && <Mark of="idle" />}
      {nodes.slice(0, ROUNDS).map((node) => (
        <div class="execution" key={node.id + node.round}>
          <p>
            {node.round !== null && <strong>{say("round", { n: node.round + 1 })} </strong>}
            <Mark of={node.status} /> {node.status !== "running" && time(node.elapsed_time)}
            {node.total_tokens ? ` · ${count(node.total_tokens)} ${say("tokens")}` : ""}
            {money(node.total_price, node.currency) && ` · ${money(node.total_price, node.currency)}`}
          </p>
          {node.error && <p class="failure">{node.error}</p>}
          {node.calls.map((call) => (
            <p class="small" key={call.label + call.started_at}>
              {call.label}: {time(call.elapsed_time)}
              {call.time_to_first_token !== null && ` · ${say("firstToken")} ${time(call.time_to_first_token)}`}
              {call.total_tokens ? ` · ${count(call.total_tokens)} ${say("tokens")}` : ""}
              {call.error && <span class="wrong"> {call.error}</span>}
            </p>
          ))}
          <Values name={say("inputs")} values={node.inputs} />
          {detail.record === "full" && <Values name={say("process")} values={node.process_data} />}
          <Values name={say("outputs")} values={node.outputs} />
        </div>
      ))}
      {detail.record !== "full" && <p class="quiet small">{say("onlyMeta")}</p>}
    </section>
  );
}
