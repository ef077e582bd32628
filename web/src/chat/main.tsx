// The chat page: the whole of it, and what is there before a conversation begins.

import { render } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { language } from "../language";
import { theme, turn, type Theme } from "../theme";
import { Chat } from "./chat";
import { Composer, type Editing } from "./composer";
import { Form } from "./form";
import { Button, type Icon } from "./icons";
import { Mark, Sidebar } from "./sidebar";
import { mark, speak, t } from "./strings";
import "./style.css";
import { Text } from "./text";
import { parents } from "./tree";
import type { Turn } from "./turn";
import { Suggested, TurnView } from "./turn_view";

const NEAR = 120;
/** Pixels from the end within which a reader goes along with an answer. */

const ICONS: Record<Theme, Icon> = { auto: "half", light: "sun", dark: "moon" };
const NEXT: Record<Theme, Theme> = { auto: "light", light: "dark", dark: "auto" };

function Page({ chat }: { chat: Chat }) {
  const [, draw] = useState(0);
  useEffect(() => chat.listen(() => draw((count) => count + 1)), []);
  if (chat.state === "loading") return <main class="alone" aria-busy="true"><p class="quiet">{t("loading")}</p></main>;
  if (chat.state !== "ready") {
    return (
      <main class="alone">
        <h1>{t(chat.state === "gone" ? "gone" : "failed")}</h1>
        <p class="quiet">{chat.state === "gone" ? t("goneMore") : chat.failure}</p>
        {chat.state === "failed" && <button type="button" class="main" onClick={() => void chat.open()}>{t("again")}</button>}
      </main>
    );
  }
  return <Ready chat={chat} />;
}

function Ready({ chat }: { chat: Chat }) {
  const [open, setOpen] = useState(false);
  const [editing, setEditing] = useState<Editing | null>(null);
  useEffect(() => setEditing(null), [chat.conversation]);
  const edit = (turn: Turn) => setEditing({ turn, parent: parents(chat.turns, chat.conversation).get(turn) ?? "" });
  const asksFirst = chat.fields.length > 0 && !chat.begun;
  const runs = !chat.talks && chat.fields.length > 0;
  return (
    <div class={`page ${open ? "open" : ""} ${chat.talks ? "" : "single"}`}>
      <a class="skip" href="#message">{t("skip")}</a>
      {chat.talks && <Sidebar chat={chat} close={() => setOpen(false)} />}
      {open && <div class="shade" onClick={() => setOpen(false)} />}
      <div class="main-column">
        <Head chat={chat} menu={() => setOpen(true)} />
        {chat.api.demo && <p class="demo" role="note">{t("demo")}</p>}
        <Transcript chat={chat} edit={edit}>
          {runs && <Form chat={chat} name={t("run")} done={() => void chat.ask("")} />}
          {!runs && asksFirst && <Form chat={chat} name={t("begin")} done={() => { chat.begun = true; chat.changed(); }} />}
        </Transcript>
        {!runs && !asksFirst && <Composer chat={chat} editing={editing} done={() => setEditing(null)} />}
      </div>
      <p class="hidden" role="status">{chat.notice || (chat.running ? t("answering") : "")}</p>
      <Notice chat={chat} />
    </div>
  );
}

function Head({ chat, menu }: { chat: Chat; menu: () => void }) {
  const now = chat.conversations.find((one) => one.id === chat.conversation);
  const [, draw] = useState(0);
  return (
    <header class="head">
      {chat.talks && <Button class="only-small" icon="menu" label={t("menu")} onClick={menu} />}
      <h1>{now?.name ?? chat.info.name}</h1>
      <Button
        icon={ICONS[theme]}
        label={`${t("theme")}: ${t(theme)}`}
        onClick={() => { turn(NEXT[theme]); draw((count) => count + 1); }}
      />
      <button type="button" class="plain language" lang={language === "zh" ? "en" : "zh-Hans"} onClick={() => { speak(); chat.say(""); }}>
        {t("language")}
      </button>
    </header>
  );
}

function Transcript({ chat, edit, children }: { chat: Chat; edit: (turn: Turn) => void; children: preact.ComponentChildren }) {
  const place = useRef<HTMLElement>(null);
  const along = useRef(true);
  const [away, setAway] = useState(false);
  const shown = chat.path;
  const toEnd = () => place.current!.scrollTo({ top: place.current!.scrollHeight });
  useLayoutEffect(() => {
    if (along.current) toEnd();
  });
  useEffect(() => {
    along.current = true;
    toEnd();
  }, [chat.conversation, chat.turns.length]);
  const scrolled = () => {
    const { scrollHeight, scrollTop, clientHeight } = place.current!;
    along.current = scrollHeight - scrollTop - clientHeight < NEAR;
    setAway(!along.current);
  };
  return (
    <main class="transcript" ref={place} onScroll={scrolled} tabIndex={-1}>
      <div class="column">
        {chat.before && <button type="button" class="plain earlier" onClick={() => void chat.earlier()}>{t("more")}</button>}
        {(!shown.length || chat.parameters.opening_statement) && <Opening chat={chat} fresh={!shown.length} />}
        {children}
        {chat.talks && chat.begun && <Given chat={chat} />}
        {shown.map((branch, at) => (
          <TurnView key={branch.turn} chat={chat} branch={branch} last={at === shown.length - 1} edit={edit} />
        ))}
      </div>
      {away && <Button class="latest" icon="bottom" label={t("latest")} onClick={toEnd} />}
    </main>
  );
}

function Opening({ chat, fresh }: { chat: Chat; fresh: boolean }) {
  const { opening_statement, suggested_questions } = chat.parameters;
  const introduction = chat.conversations.find((one) => one.id === chat.conversation)?.introduction;
  const asks = !chat.fields.length || chat.begun;
  return (
    <section class={`opening ${fresh ? "fresh" : ""}`} aria-label={chat.info.name}>
      {fresh && <Mark chat={chat} />}
      {fresh && <h2>{chat.info.name}</h2>}
      {fresh && chat.info.description && <p class="quiet">{chat.info.description}</p>}
      {opening_statement ? <Text of={introduction || opening_statement} /> : fresh && asks && chat.talks && !chat.info.description && <p class="quiet">{t("hello")}</p>}
      {fresh && asks && suggested_questions.length > 0 && <Suggested chat={chat} of={suggested_questions} />}
    </section>
  );
}

/** What the visitor has filled in before it began. */
function Given({ chat }: { chat: Chat }) {
  const given = chat.fields.filter(({ field }) => !["", null, undefined, false].includes(chat.inputs[field.variable] as string));
  if (!given.length) return null;
  return (
    <details class="fold">
      <summary>{t("yours")}</summary>
      <dl class="outputs">
        {given.map(({ field }) => {
          const value = chat.inputs[field.variable];
          return (
            <div key={field.variable}>
              <dt>{field.label || field.variable}</dt>
              <dd>{typeof value === "object" ? t("file") : value === true ? "✓" : String(value)}</dd>
            </div>
          );
        })}
      </dl>
    </details>
  );
}

/** What is told in passing: it goes by itself. */
function Notice({ chat }: { chat: Chat }) {
  const quiet = [t("answered"), t("stopped"), t("waits"), ""].includes(chat.notice) || chat.turns.some((turn) => turn.error === chat.notice);
  const text = chat.isLost ? t("offline") : quiet ? "" : chat.notice;
  useEffect(() => {
    if (!text || chat.isLost) return;
    const timer = setTimeout(() => chat.say(""), 6000);
    return () => clearTimeout(timer);
  }, [text]);
  return text ? <p class="notice">{text}</p> : null;
}

mark();
const chat = new Chat();
render(<Page chat={chat} />, document.getElementById("page")!);
void chat.open();
