// Figures over time, by app: requests and errors, tokens, cost, how long it took until the end and the first token.

import { useEffect, useState } from "preact/hooks";
import { get, type App, type Figures, type Statistics } from "./api";
import { Chart, type Line } from "./chart";
import { Filters, since, SPANS } from "./filters";
import { count, money, say, time } from "./said";

const STEPS = { hour: 60, day: 1800, week: 4 * 3600, month: 24 * 3600 };
const APPS = 8;
/** Lines in one chart at the most. */

export function Dashboard({ apps, query }: { apps: App[]; query: URLSearchParams }) {
  const [found, setFound] = useState<Statistics | null>(null);
  const [wrong, setWrong] = useState("");
  const [again, refresh] = useState(0);
  const given = query.get("since") ?? "";
  const span = (given in SPANS ? given : "day") as keyof typeof SPANS;

  useEffect(() => {
    const ending = new AbortController();
    const asked = { app: query.get("app") ?? "", created_at__after: since(span), step: STEPS[span] };
    get<Statistics>("statistics", asked, ending.signal).then(
      (told) => (setFound(told), setWrong("")),
      (problem: Error) => ending.signal.aborted || setWrong(problem.message),
    );
    return () => ending.abort();
  }, [`${query} ${again}`]);

  return (
    <>
      <h1>{say("dashboard")}</h1>
      <Filters page="dashboard" apps={apps} query={query} refresh={() => refresh(again + 1)} />
      {wrong && <p class="wrong" role="alert">{wrong}</p>}
      {!found && !wrong && <p class="quiet">{say("loading")}</p>}
      {found && !found.complete && <p role="status">{say("incomplete")}</p>}
      {found && !found.whole.length && <p class="quiet">{say("nothing")}</p>}
      {found && found.whole.length > 0 && <Charts found={found} />}
    </>
  );
}

function Charts({ found }: { found: Statistics }) {
  const shown = [...found.whole].sort((one, other) => other.requests - one.requests).slice(0, APPS);
  const steps = Math.max(1, Math.ceil((found.until - found.since) / found.step - 1e-9));
  const times = Array.from({ length: steps }, (_, place) => found.since + place * found.step);
  const at = new Map(found.data.map((one) => [`${Math.round((one.at - found.since) / found.step)} ${one.app_id}`, one]));
  const lines = (of: (figures: Figures) => number | null, none: number | null): Line[] =>
    shown.map((app) => ({
      name: app.app || app.app_id,
      values: times.map((_, place) => {
        const there = at.get(`${place} ${app.app_id}`);
        return there ? of(there) : none;
      }),
    }));
  const currency = Object.keys(found.whole.find((one) => Object.keys(one.cost).length)?.cost ?? {})[0] ?? "";
  const sum = (costs: Record<string, number>) => costs[currency] ?? 0;
  const dollars = (value: number) => money(value, currency) || "0";
  return (
    <>
      <Totals shown={found.whole} />
      <div class="charts">
        <Chart title={say("requests")} times={times} lines={lines((one) => one.requests, 0)} write={count} sums />
        <Chart title={say("errors")} times={times} lines={lines((one) => one.errors, 0)} write={count} sums bad />
        <Chart title={`${say("latency")}, ${say("half")}`} times={times} lines={lines((one) => one.latency.p50, null)} write={time} />
        <Chart title={`${say("latency")}, ${say("p95")}`} times={times} lines={lines((one) => one.latency.p95, null)} write={time} />
        <Chart title={`${say("firstToken")}, ${say("half")}`} times={times} lines={lines((one) => one.first_token.p50, null)} write={time} />
        <Chart title={`${say("firstToken")}, ${say("p95")}`} times={times} lines={lines((one) => one.first_token.p95, null)} write={time} />
        <Chart title={say("tokens")} times={times} lines={lines((one) => one.tokens, 0)} write={count} sums />
        {currency && <Chart title={`${say("cost")} (${currency})`} times={times} lines={lines((one) => sum(one.cost), 0)} write={dollars} sums />}
      </div>
    </>
  );
}

function Totals({ shown }: { shown: Figures[] }) {
  const pair = (one: number | null, other: number | null) => (one === null ? "" : `${time(one)} / ${time(other ?? one)}`);
  return (
    <div class="wide card" tabIndex={0} role="region" aria-label={say("whole")}>
      <table>
        <caption>{say("whole")}</caption>
        <thead>
          <tr>
            <th scope="col">{say("app")}</th><th scope="col" class="number">{say("requests")}</th><th scope="col" class="number">{say("errors")}</th>
            <th scope="col" class="number">{say("latency")} <small>{say("p50")} / {say("p95")}</small></th>
            <th scope="col" class="number">{say("firstToken")} <small>{say("p50")} / {say("p95")}</small></th>
            <th scope="col" class="number">{say("tokens")}</th><th scope="col" class="number">{say("cost")}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((one) => (
            <tr key={one.app_id}>
              <th scope="row">{one.app || one.app_id}</th>
              <td class="number">{count(one.requests)}</td>
              <td class={one.errors ? "number wrong" : "number"}>{count(one.errors)}</td>
              <td class="number">{pair(one.latency.p50, one.latency.p95)}</td>
              <td class="number">{pair(one.first_token.p50, one.first_token.p95)}</td>
              <td class="number">{count(one.tokens)}</td>
              <td class="number">{Object.entries(one.cost).map(([currency, cost]) => money(cost, currency)).join(", ")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
