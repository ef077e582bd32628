// The runs of all apps, newest first, narrowed by what the address says.

import { useEffect, useState } from "preact/hooks";
import { get, type App, type Page, type Run } from "./api";
import { Filters, since } from "./filters";
import { count, money, moment, say, SIGNS, status, time } from "./said";

export function List({ apps, query }: { apps: App[]; query: URLSearchParams }) {
  const [page, setPage] = useState<Page<Run> | null>(null);
  const [wrong, setWrong] = useState("");
  const [again, refresh] = useState(0);
  const asked = {
    app: query.get("app") ?? "",
    user: query.get("user") ?? "",
    status: query.get("status") ?? "",
    created_at__after: since(query.get("since") ?? ""),
    limit: 50,
  };
  const same = `${query} ${again}`;

  useEffect(() => {
    const ending = new AbortController();
    get<Page<Run>>("runs", asked, ending.signal).then(
      (found) => (setPage(found), setWrong("")),
      (problem: Error) => ending.signal.aborted || setWrong(problem.message),
    );
    return () => ending.abort();
  }, [same]);

  const more = async () => {
    try {
      const next = await get<Page<Run>>("runs", { ...asked, last_id: page!.data.at(-1)!.id });
      setPage({ data: [...page!.data, ...next.data], has_more: next.has_more });
    } catch (problem) {
      setWrong((problem as Error).message);
    }
  };
  return (
    <>
      <h1>{say("runs")}</h1>
      <Filters page="" apps={apps} query={query} refresh={() => refresh(again + 1)} narrow />
      {wrong && <p class="wrong" role="alert">{wrong}</p>}
      {!page && !wrong && <p class="quiet">{say("loading")}</p>}
      {page && !page.data.length && <p class="quiet">{say("none")}</p>}
      {page && page.data.length > 0 && (
        <div class="wide card" tabIndex={0} role="region" aria-label={say("runs")}>
          <table class="list">
            <thead>
              <tr>
                <th scope="col">{say("status")}</th><th scope="col">{say("app")}</th><th scope="col" class="user">{say("user")}</th>
                <th scope="col">{say("began")}</th><th scope="col" class="number">{say("took")}</th>
                <th scope="col" class="number tokens">{say("tokens")}</th><th scope="col" class="number">{say("price")}</th>
              </tr>
            </thead>
            <tbody>{page.data.map((run) => <Row key={run.id} run={run} />)}</tbody>
          </table>
        </div>
      )}
      {page?.has_more && <button class="main" onClick={more}>{say("more")}</button>}
    </>
  );
}

function Row({ run }: { run: Run }) {
  return (
    <tr>
      <td>
        <a href={`#/run/${run.id}`}><Mark of={run.status} /></a>
        {run.error && <div class="wrong small">{run.error}</div>}
      </td>
      <td class="app">{run.app || run.app_id}{run.query && <div class="asked quiet small" dir="auto">{run.query.slice(0, 200)}</div>}</td>
      <td class="user">{run.user}</td>
      <td class="nowrap began">{moment(run.created_at)}</td>
      <td class="number took">{run.status === "running" ? "" : time(run.elapsed_time)}</td>
      <td class="number tokens">{run.total_tokens ? count(run.total_tokens) : ""}</td>
      <td class="number">{money(run.total_price, run.currency)}</td>
    </tr>
  );
}

export function Mark({ of }: { of: string }) {
  return <span class={`mark ${of}`}><span aria-hidden="true">{SIGNS[of] ?? "?"}</span> {status(of)}</span>;
}
