// Requests to the public API, as any client makes them, with a visitor's token in place of a key.
// Does not know what is asked, nor how it is shown.

import { frames, problem, Problem } from "../reply";
import type { Event } from "./wire";

export const app = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const EARLY = 60;
/** Seconds before its end that a token is renewed. */
const TRIES = 6;

interface Token { token: string; user: string; expires_in: number; demo: boolean }

interface Asked {
  query?: Record<string, string | number>;
  body?: Record<string, unknown>;
  form?: FormData;
  signal?: AbortSignal;
}

export class Api {
  private token = "";
  private until = 0;
  private renewing: Promise<void> | null = null;
  user = "";
  demo = false;

  /** Be somebody to the app. */
  async enter(): Promise<void> {
    this.renewing ??= this.renew().finally(() => (this.renewing = null));
    await this.renewing;
  }

  async json<Body>(method: string, path: string, asked: Asked = {}): Promise<Body> {
    const reply = await this.ask(method, path, asked);
    return reply.status === 204 ? (undefined as Body) : ((await reply.json()) as Body);
  }

  async ask(method: string, path: string, asked: Asked = {}, again = true): Promise<Response> {
    if (Date.now() / 1000 > this.until - EARLY) await this.enter();
    const query = new URLSearchParams({ user: this.user });
    for (const [name, value] of Object.entries(asked.query ?? {})) query.set(name, String(value));
    const headers: Record<string, string> = { Authorization: `Bearer ${this.token}` };
    if (asked.body) headers["Content-Type"] = "application/json";
    if (asked.form) asked.form.set("user", this.user);
    const reply = await fetch(method === "GET" ? `${path}?${query}` : path, {
      method,
      headers,
      body: asked.form ?? (asked.body ? JSON.stringify({ ...asked.body, user: this.user }) : null),
      signal: asked.signal ?? null,
      credentials: "omit",
    });
    if (reply.status === 401 && again) {
      await this.enter();
      return this.ask(method, path, asked, false);
    }
    if (!reply.ok) throw await problem(reply);
    return reply;
  }

  /**
   * The events of a run that `body` begins, or of one that goes on. Where the connection is lost, the rest is read on
   * from the place that was reached.
   */
  async *events(
    begin: { path: string; body: Record<string, unknown> } | { task: string },
    signal: AbortSignal,
    lost: (isLost: boolean) => void,
  ): AsyncGenerator<Event> {
    let task = "task" in begin ? begin.task : "";
    let seen = 0;
    for (let tries = 0; ; tries++) {
      try {
        const reply = task
          ? await this.ask("GET", `/v1/runs/${task}/events`, { query: { after: seen }, signal })
          : await this.ask("POST", (begin as { path: string }).path, { body: (begin as { body: {} }).body, signal });
        if (tries) lost(false);
        for await (const event of frames<Event>(reply)) {
          tries = 0;
          seen++;
          task ||= event.task_id ?? "";
          yield event;
        }
        return;
      } catch (error) {
        if (signal.aborted || error instanceof Problem || !task || tries >= TRIES) throw error;
        lost(true);
        await new Promise((done) => setTimeout(done, 250 * 2 ** tries));
      }
    }
  }

  private async renew(): Promise<void> {
    const reply = await fetch(`/chat/${encodeURIComponent(app)}/token`, { method: "POST", credentials: "same-origin" });
    if (!reply.ok) throw await problem(reply);
    const given = (await reply.json()) as Token;
    this.token = given.token;
    this.user = given.user;
    this.demo = given.demo;
    this.until = Date.now() / 1000 + given.expires_in;
  }
}
