// What a visitor does with the app, and what is there to be seen of it. Does not know how it is drawn.

import { Problem } from "../reply";
import { Api, app } from "./api";
import { kindOf, refused } from "./files";
import { goings, over, remember } from "./going";
import { t } from "./strings";
import { parents, path, type Branch } from "./tree";
import { asked, close, forget, hear, toldBefore, type Turn } from "./turn";
import type {
  Conversation, Field, FormAsked, Info, Message, Parameters, Rating, Site, WireFile,
} from "./wire";

export interface Draft { key: number; file: File; address: string; type: string; id: string; error: string }

const NEWEST = 100;

export class Chat {
  readonly api = new Api();
  state: "loading" | "ready" | "gone" | "failed" = "loading";
  failure = "";
  info!: Info;
  parameters!: Parameters;
  site!: Site;
  conversations: Conversation[] = [];
  more = false;
  conversation = "";
  turns: Turn[] = [];
  before = false;
  /** Whether there are messages before those. */
  chosen = new Map<string, string>();
  inputs: Record<string, unknown> = {};
  begun = false;
  /** Whether the form before a conversation is filled. */
  drafts: Draft[] = [];
  running: Turn | null = null;
  isLost = false;
  notice = "";
  /** What is read out to those who do not see the page. */
  private abort: AbortController | null = null;
  private heard = new Set<() => void>();
  private waiting = false;

  listen(hears: () => void): () => void {
    this.heard.add(hears);
    return () => this.heard.delete(hears);
  }

  /** Something is to be drawn anew: once a frame, however much comes. */
  changed(): void {
    if (this.waiting) return;
    this.waiting = true;
    const draw = () => {
      this.waiting = false;
      for (const hears of this.heard) hears();
    };
    if (document.hidden) setTimeout(draw, 50);
    else requestAnimationFrame(draw);
  }

  get talks(): boolean {
    return this.info.mode !== "workflow" && this.info.mode !== "completion";
  }

  get fields(): { kind: string; field: Field }[] {
    return this.parameters.user_input_form.flatMap((one) =>
      Object.entries(one).map(([kind, field]) => ({ kind, field })),
    ).filter(({ field }) => !field.hide);
  }

  get path(): Branch[] {
    return this.talks ? path(this.turns, this.conversation, this.chosen) :
      this.turns.map((turn) => ({ turn, at: 0, siblings: [turn] }));
  }

  async open(): Promise<void> {
    try {
      this.state = "loading";
      await this.api.enter();
      [this.info, this.parameters, this.site] = await Promise.all([
        this.api.json<Info>("GET", "/v1/info"),
        this.api.json<Parameters>("GET", "/v1/parameters"),
        this.api.json<Site>("GET", "/v1/site"),
      ]);
      document.title = this.info.name || app;
      this.fill({});
      if (this.talks) {
        await this.list();
        window.addEventListener("hashchange", () => void this.show(fromAddress()));
        await this.show(fromAddress());
      }
      this.state = "ready";
      if (!this.talks) void this.goOn();
    } catch (error) {
      this.state = error instanceof Problem && error.status === 404 ? "gone" : "failed";
      this.failure = told(error);
    }
    this.changed();
  }

  /** The visitor's conversations, the newest first; `further` for those after the last one that is known. */
  async list(further = false): Promise<void> {
    const last = further ? this.conversations.at(-1)?.id : "";
    const query = { limit: further ? 30 : Math.min(100, Math.max(30, this.conversations.length)), ...(last ? { last_id: last } : {}) };
    const page = await this.api.json<{ data: Conversation[]; has_more: boolean }>("GET", "/v1/conversations", { query });
    this.conversations = further ? [...this.conversations, ...page.data] : page.data;
    this.more = page.has_more;
    this.changed();
  }

  /** Show a conversation; "" for one that has not begun. */
  async show(id: string): Promise<void> {
    if (id === this.conversation && (id || !this.turns.length)) return;
    this.leave();
    this.conversation = id;
    this.turns = [];
    this.before = false;
    this.chosen.clear();
    this.begun = false;
    this.fill({});
    if (id) {
      try {
        const page = await this.api.json<{ data: Message[]; has_more: boolean }>("GET", "/v1/messages", {
          query: { conversation_id: id, limit: NEWEST },
        });
        if (this.conversation !== id) return;
        this.turns = page.data.map(toldBefore);
        this.before = page.has_more;
        this.begun = true;
        this.fill(this.conversations.find((one) => one.id === id)?.inputs ?? {});
      } catch (error) {
        if (this.conversation !== id) return;
        if (!(error instanceof Problem)) throw error;
        this.conversation = "";
      }
    }
    toAddress(this.conversation);
    this.changed();
    void this.goOn();
  }

  /** The messages before those that are shown. */
  async earlier(): Promise<void> {
    const query = { conversation_id: this.conversation, limit: NEWEST, first_id: this.turns[0]?.id ?? "" };
    const page = await this.api.json<{ data: Message[]; has_more: boolean }>("GET", "/v1/messages", { query });
    this.turns = [...page.data.map(toldBefore), ...this.turns];
    this.before = page.has_more;
    this.changed();
  }

  /** Ask, after what is shown; `after` says after what else ("" for the beginning). */
  async ask(query: string, after?: string): Promise<void> {
    if (this.running) return;
    const shown = this.path.filter((branch) => branch.turn.known);
    const follows = after ?? shown.at(-1)?.turn.id ?? "";
    const parent = follows || this.conversation;
    const files = this.drafts.filter((draft) => draft.id);
    const sent: WireFile[] = files.map((draft) => ({ type: draft.type, url: draft.address, name: draft.file.name, mime_type: draft.file.type }));
    const turn = asked(query, parent, this.talks ? {} : { ...this.inputs }, sent);
    this.turns = [...this.turns.filter((one) => one.known || !this.talks), turn];
    this.chosen.delete(follows);
    this.drafts = [];
    this.begun = true;
    const body: Record<string, unknown> = {
      inputs: this.values(),
      response_mode: "streaming",
      files: files.map((draft) => ({ type: draft.type, transfer_method: "local_file", upload_file_id: draft.id })),
    };
    if (this.talks) Object.assign(body, { query, conversation_id: this.conversation });
    if (this.talks && this.conversation) body.parent_message_id = parent;
    if (this.info.mode === "completion" && query) body.inputs = { ...this.values(), query };
    await this.follow(turn, { path: this.way("ask"), body });
  }

  /** The same question once more: another branch. */
  async redo(turn: Turn): Promise<void> {
    await this.ask(turn.query, parents(this.turns, this.conversation).get(turn) ?? "");
  }

  async stop(): Promise<void> {
    const turn = this.running;
    if (!turn) return;
    turn.state = "stopped";
    if (turn.task) await this.api.json("POST", this.way("stop", turn.task), { body: {} }).catch(() => undefined);
    else this.abort?.abort();
    this.changed();
  }

  choose(branch: Branch, at: number): void {
    const parent = parents(this.turns, this.conversation).get(branch.turn) ?? "";
    const other = branch.siblings[at];
    if (other) this.chosen.set(parent, other.id);
    this.changed();
  }

  async rename(id: string, name: string): Promise<void> {
    const body = { name, auto_generate: false };
    const renamed = await this.api.json<Conversation>("POST", `/v1/conversations/${id}/name`, { body });
    this.conversations = this.conversations.map((one) => (one.id === id ? renamed : one));
    this.changed();
  }

  async remove(id: string): Promise<void> {
    await this.api.json("DELETE", `/v1/conversations/${id}`, { body: {} });
    this.conversations = this.conversations.filter((one) => one.id !== id);
    if (id === this.conversation) await this.show("");
    this.changed();
  }

  async rate(turn: Turn, rating: Rating): Promise<void> {
    const before = turn.rating;
    turn.rating = before === rating ? null : rating;
    this.changed();
    try {
      await this.api.json("POST", `/v1/messages/${turn.id}/feedbacks`, { body: { rating: turn.rating } });
    } catch (error) {
      turn.rating = before;
      this.say(told(error));
    }
  }

  /** Send files on ahead, so that they are there when the message goes. */
  async attach(files: Iterable<File>): Promise<void> {
    const rules = this.parameters.file_upload;
    for (const file of files) {
      const wrong = this.drafts.length >= rules.number_limits ? t("tooMany", { n: rules.number_limits }) : refused(file, rules, this.parameters.system_parameters);
      if (wrong) {
        this.say(wrong);
        continue;
      }
      const draft: Draft = { key: Math.random(), file, address: URL.createObjectURL(file), type: kindOf(file, rules), id: "", error: "" };
      this.drafts = [...this.drafts, draft];
      this.changed();
      try {
        draft.id = await this.upload(file);
      } catch (error) {
        this.detach(draft);
        this.say(told(error));
      }
      this.changed();
    }
  }

  detach(draft: Draft): void {
    this.drafts = this.drafts.filter((one) => one !== draft);
    this.changed();
  }

  async upload(file: File): Promise<string> {
    const form = new FormData();
    form.set("file", file, file.name || "file");
    return (await this.api.json<{ id: string }>("POST", "/v1/files/upload", { form })).id;
  }

  /** Answer what a run waits for; it goes on. */
  async fillForm(turn: Turn, form: FormAsked, action: string, inputs: Record<string, unknown>): Promise<void> {
    await this.api.json("POST", `/v1/form/human_input/${form.form_token}`, { body: { action, inputs } });
    forget(turn);
    await this.follow(turn, { task: turn.task });
  }

  /** Tell the visitor something in passing. */
  say(text: string): void {
    this.notice = text;
    this.changed();
  }

  private way(what: "ask" | "stop", task = ""): string {
    if (this.info.mode === "workflow") return what === "ask" ? "/v1/workflows/run" : `/v1/workflows/tasks/${task}/stop`;
    const base = this.info.mode === "completion" ? "/v1/completion-messages" : "/v1/chat-messages";
    return what === "ask" ? base : `${base}/${task}/stop`;
  }

  private fill(given: Record<string, unknown>): void {
    this.inputs = Object.fromEntries(this.fields.map(({ kind, field }) => [
      field.variable, given[field.variable] ?? field.default ?? (kind === "checkbox" ? false : ""),
    ]));
  }

  /** The form's values as they are sent: what was left empty stays away. */
  private values(): Record<string, unknown> {
    const found: Record<string, unknown> = {};
    for (const { kind, field } of this.fields) {
      const value = this.inputs[field.variable];
      if (value === "" || value === null || value === undefined) continue;
      found[field.variable] = kind === "number" ? Number(value) : value;
    }
    return found;
  }

  /** Hear a run to its end. */
  private async follow(turn: Turn, begin: { path: string; body: Record<string, unknown> } | { task: string }): Promise<void> {
    const abort = new AbortController();
    this.abort = abort;
    this.running = turn;
    this.notice = "";
    this.changed();
    let paused = false;
    const lost = (isLost: boolean) => {
      this.isLost = isLost;
      this.changed();
    };
    try {
      for await (const event of this.api.events(begin, abort.signal, lost)) {
        if (abort.signal.aborted) return;
        const before = turn.id;
        const stopped = turn.state === "stopped";
        hear(turn, event);
        if (stopped && turn.state === "running") turn.state = "stopped";
        if (event.event === "workflow_paused") paused = true;
        if (event.conversation_id && this.talks && !this.conversation) this.found(event.conversation_id);
        if (turn.id !== before || event.event === "workflow_started") remember(this.conversation, turn);
        this.changed();
      }
    } catch (error) {
      if (abort.signal.aborted) return;
      Object.assign(turn, { state: "failed", error: told(error) });
    }
    if (abort.signal.aborted) return;
    this.isLost = false;
    this.running = null;
    this.abort = null;
    if (paused) {
      this.say(t("waits"));
      return;
    }
    close(turn);
    over(this.conversation);
    this.notice = turn.state === "failed" ? turn.error : turn.state === "stopped" ? t("stopped") : t("answered");
    this.changed();
    await this.after(turn).catch(() => undefined);
  }

  /** What comes of an answer beside it: a name for the conversation, and what may be asked next. */
  private async after(turn: Turn): Promise<void> {
    if (!this.talks) return;
    await this.list();
    if (turn.state !== "done" || !this.parameters.suggested_questions_after_answer.enabled || turn.forms.length) return;
    turn.suggested = (await this.api.json<{ data: string[] }>("GET", `/v1/messages/${turn.id}/suggested`)).data;
    this.changed();
  }

  private found(conversation: string): void {
    this.conversation = conversation;
    for (const turn of this.turns) if (turn.parent === "") turn.parent = conversation;
    toAddress(conversation);
    void this.list().catch(() => undefined);
  }

  /** A page that was loaded anew in the middle of an answer, or went elsewhere, hears the rest of it. */
  private async goOn(): Promise<void> {
    const going = goings()[this.conversation];
    if (!going || this.running) return;
    let turn = this.turns.find((one) => one.id === going.turn.id);
    if (!turn) {
      turn = going.turn;
      this.turns = [...this.turns, turn];
    }
    const before = { ...turn };
    forget(turn);
    turn.known = true;
    await this.follow(turn, { task: going.task });
    if (turn.state === "failed" && !turn.answer) Object.assign(turn, before); // the run is not known any more: what is kept counts
    this.changed();
  }

  private leave(): void {
    this.abort?.abort();
    this.abort = null;
    this.running = null;
    this.isLost = false;
  }
}

export function told(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function fromAddress(): string {
  return new URLSearchParams(location.hash.slice(1)).get("c") ?? "";
}

function toAddress(conversation: string): void {
  if (fromAddress() === conversation) return;
  history.pushState(null, "", conversation ? `#c=${conversation}` : location.pathname + location.search);
}
