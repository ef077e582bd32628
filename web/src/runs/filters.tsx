// What a list or the figures are narrowed by. It stands in the address, so that it can be sent to somebody.

import { useRef } from "preact/hooks";
import type { App } from "./api";
import { say, status } from "./said";

const HOUR = 3600;
export const SPANS = { hour: HOUR, day: 24 * HOUR, week: 7 * 24 * HOUR, month: 30 * 24 * HOUR };
type Span = keyof typeof SPANS;
const STATUSES = ["running", "succeeded", "failed", "stopped", "partial-succeeded", "paused"];

export function since(span: string): string {
  const length = SPANS[span as Span];
  return length ? new Date(Date.now() - length * 1000).toISOString() : "";
}

interface Given { page: string; apps: App[]; query: URLSearchParams; refresh: () => void; narrow?: boolean }

export function Filters({ page, apps, query, refresh, narrow }: Given) {
  const form = useRef<HTMLFormElement>(null);
  const change = () => {
    const said = new URLSearchParams();
    for (const [name, value] of new FormData(form.current!)) if (value) said.set(name, String(value));
    location.hash = `/${page}?${said}`;
  };
  const submit = (event: Event) => (event.preventDefault(), change(), refresh());
  return (
    <form class="filters" ref={form} onSubmit={submit} onChange={change}>
      <label>{say("app")}
        <select name="app">
          <option value="">{say("allApps")}</option>
          {apps.map((app) => <option key={app.id} value={app.name} selected={query.get("app") === app.name}>{app.name}</option>)}
        </select>
      </label>
      {narrow && (
        <label>{say("status")}
          <select name="status">
            <option value="">{say("any")}</option>
            {STATUSES.map((one) => <option key={one} value={one} selected={query.get("status") === one}>{status(one)}</option>)}
          </select>
        </label>
      )}
      {narrow && <label>{say("user")}<input name="user" defaultValue={query.get("user") ?? ""} autocomplete="off" /></label>}
      <label>{say("since")}
        <select name="since">
          {narrow && <option value="">{say("ever")}</option>}
          {(Object.keys(SPANS) as Span[]).map((one) => (
            <option key={one} value={one} selected={(query.get("since") ?? (narrow ? "" : "day")) === one}>{say(one)}</option>
          ))}
        </select>
      </label>
      <button class="plain">{say("refresh")}</button>
    </form>
  );
}
