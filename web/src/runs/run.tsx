// One run: what was asked and answered, its graph, what each node, model and tool did and when, and what went in and came
// out. Follows a run that goes on.

import { useEffect, useRef, useState } from "preact/hooks";
import { Exchange, Steps } from "./answer";
import { get, listen, type Detail, type News, type NodeRun, type Said } from "./api";
import { Mark } from "./list";
import { Picture } from "./picture";
import { count, money, moment, say, time } from "./said";
import { ofCalls, ofNodes, spent, Timeline } from "./timeline";

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
      let said: Said | null = found.said && { ...found.said, answer: "", steps: [] };
      setLive([]);
      for await (const news of listen(id, signal)) {
        if (news.node) known.set(news.node.id, news.node);
        if (said) said = further(said, news);
        setLive([...known.values()]);
        setDetail({ ...found, said });
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
  const { said } = detail;
  const broken = said?.calls.find((call) => call.error);
  const plain = said !== null && !detail.graph && !nodes.length;
  return (
    <article class="run">
      <p><a href="#/">← {say("back")}</a></p>
      <header class="summary">
        <h1>{run.app || run.app_id} <Mark of={run.status} /></h1>
        {live && <p class="live" role="status">{say("live")}</p>}
        {run.error && (
          <div class="failure" role="alert">
            {broken && <p class="where-plain">{say("where", { node: broken.label })}</p>}
            {failed && <button class="where" onClick={() => choose(failed.node_id)}>{say("where", { node: name(failed) })}</button>}
            <p>{run.error}</p>
          </div>
        )}
        <dl class="facts">
          <Fact name={say("user")} value={run.user} />
          <Fact name={say("began")} value={moment(run.created_at)} />
          <Fact name={say("took")} value={run.status === "running" ? "" : time(run.elapsed_time)} />
          <Fact name={say("sooner")} value={run.time_to_first_text === null ? "" : time(run.time_to_first_text)} />
          <Fact name={say("tokens")} value={run.total_tokens ? count(run.total_tokens) : ""} />
          <Fact name={say("price")} value={money(run.total_price, run.currency)} />
          <Fact name={say("steps")} value={run.total_steps ? String(run.total_steps) : ""} />
        </dl>
        <p class="ids">{say("id")} <code>{run.id}</code>{run.workflow_id && <> · {say("version")} <code>{run.workflow_id}</code></>}</p>
      </header>
      {said && plain && <Exchange said={said} running={run.status === "running"} />}
      {!plain && (
        <section aria-labelledby="graph">
          <h2 id="graph">{say("graph")}</h2>
          {detail.graph ? <Picture graph={detail.graph} nodes={nodes} chosen={chosen} choose={choose} /> : <p class="quiet">{say("noGraph")}</p>}
        </section>
      )}
      {chosen && <Panel nodes={nodes.filter((node) => node.node_id === chosen)} id={chosen} detail={detail} close={() => {
        choose("");
        document.querySelector<SVGElement>(`[data-node="${CSS.escape(chosen)}"]`)?.focus();
      }} />}
      {plain && run.status !== "running" && (
        <section aria-labelledby="timeline">
          <h2 id="timeline">{say("calls")}</h2>
          {said.calls.length ? <Timeline run={run} bars={ofCalls(said.calls, run.currency)} /> : <p class="quiet">{say("noCalls")}</p>}
        </section>
      )}
      {!plain && (
        <section aria-labelledby="timeline">
          <h2 id="timeline">{say("timeline")}</h2>
          {nodes.length ? <Timeline run={run} bars={ofNodes(nodes, choose)} /> : <p class="quiet">{say("noNodes")}</p>}
        </section>
      )}
      {said && said.steps.length > 0 && <Steps of={said.steps} record={detail.record} />}
      {said && !plain && <Exchange said={said} running={run.status === "running"} />}
      <section class="both">
        <Values name={say("inputs")} values={detail.inputs} />
        <Values name={say("outputs")} values={detail.outputs} />
      </section>
    </article>
  );
}

/** What was said, with what is new. */
function further(said: Said, news: News): Said {
  if (news.event === "text") return { ...said, answer: said.answer + news.text };
  if (news.event === "replaced") return { ...said, answer: news.text ?? "" };
  if (!news.step) return said;
  const { step } = news;
  return { ...said, steps: [...said.steps.filter((one) => one.id !== step.id), step] };
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
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    box.current!.focus({ preventScroll: true });
    box.current!.scrollIntoView({ block: "nearest" });
  }, [id]);
  return (
    <section class="panel card" aria-labelledby="panel" tabIndex={-1} ref={box} onKeyDown={(event) => event.key === "Escape" && close()}>
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
            {spent(node.total_tokens, node.total_price, node.currency) && ` · ${spent(node.total_tokens, node.total_price, node.currency)}`}
          </p>
          {node.error && <p class="failure">{node.error}</p>}
          {node.calls.map((call) => (
            <p class="small" key={call.label + call.started_at}>
              {call.label}: {time(call.elapsed_time)}
              {call.time_to_first_token !== null && ` · ${say("sooner")} ${time(call.time_to_first_token)}`}
              {call.total_tokens ? ` · ${spent(call.total_tokens, null, null)}` : ""}
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
