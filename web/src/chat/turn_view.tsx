// One turn: what was asked, what was answered, and what can be done with it.

import { useState } from "preact/hooks";
import type { Chat } from "./chat";
import { Button } from "./icons";
import { apart } from "./markdown";
import { Files, Outputs, Sources, Steps, Thoughts, Waiting } from "./parts";
import { t } from "./strings";
import { Text } from "./text";
import type { Branch } from "./tree";
import type { Turn } from "./turn";
import { useAloud } from "./voice";

export function TurnView({ chat, branch, last, edit }: { chat: Chat; branch: Branch; last: boolean; edit: (turn: Turn) => void }) {
  const { turn } = branch;
  const filled = Object.entries(turn.inputs).filter(([, value]) => (typeof value === "string" && value) || typeof value === "number");
  return (
    <article class="turn">
      {(turn.query || turn.sent.length > 0) && (
        <div class="asked">
          <h2 class="hidden">{t("you")}</h2>
          {turn.sent.length > 0 && <Files of={turn.sent} />}
          {turn.query && <p class="bubble" dir="auto">{turn.query}</p>}
          {chat.talks && turn.known && !chat.running && (
            <span class="actions">
              <Button icon="edit" label={t("edit")} onClick={() => edit(turn)} />
            </span>
          )}
        </div>
      )}
      {!chat.talks && !turn.query && filled.length > 0 && (
        <p class="bubble given">{filled.map(([name, value]) => `${name}: ${value}`).join(" · ")}</p>
      )}
      <Answer chat={chat} turn={turn} />
      {turn.state !== "running" && <Actions chat={chat} branch={branch} />}
      {last && turn.suggested.length > 0 && !chat.running && <Suggested chat={chat} of={turn.suggested} />}
    </article>
  );
}

function Answer({ chat, turn }: { chat: Chat; turn: Turn }) {
  const running = turn.state === "running";
  const { thought, said } = apart(turn.answer);
  const thinking = turn.reasoning || thought;
  const told = turn.thoughts.some((one) => one.thought || one.tool);
  const nothing = !turn.answer && !told && !thinking && !turn.pending;
  return (
    <div class={`answer ${turn.state}${turn.forms.length ? " waits" : ""}`} aria-busy={running}>
      <h2 class="hidden">{chat.info.name}</h2>
      {turn.steps.length > 0 && <Steps of={turn.steps} running={running} />}
      {thinking && (
        <details class="fold" open={(running && !said) || undefined}>
          <summary>{t("thought")}</summary>
          <Text of={thinking} class="quiet" />
        </details>
      )}
      {told ? (
        <>
          <Thoughts of={turn.thoughts} running={running} />
          {turn.pending && <Text of={turn.pending} />}
        </>
      ) : (
        said && <Text of={said} />
      )}
      {running && nothing && <p class="waiting" role="img" aria-label={t("answering")}><i /><i /><i /></p>}
      {!turn.answer && turn.outputs && Object.keys(turn.outputs).length > 0 && <Outputs of={turn.outputs} />}
      {turn.made.length > 0 && <Files of={turn.made} />}
      {turn.citations.length > 0 && <Sources of={turn.citations} />}
      {turn.forms.map((form) => (
        <Waiting key={form.form_id} chat={chat} turn={turn} form={form} />
      ))}
      {turn.state === "stopped" && <p class="quiet">{t("stopped")}</p>}
      {turn.state === "failed" && <p class="why" role="alert">{turn.error}</p>}
    </div>
  );
}

function Actions({ chat, branch }: { chat: Chat; branch: Branch }) {
  const { turn, at, siblings } = branch;
  const [copied, setCopied] = useState(false);
  const aloud = useAloud(chat, turn);
  const text = apart(turn.answer).said;
  const copy = () =>
    void navigator.clipboard.writeText(text).then(() => {
      setCopied(true);
      setTimeout(() => setCopied(false), 1500);
    });
  return (
    <div class="actions">
      {siblings.length > 1 && (
        <span class="branches" role="group" aria-label={t("version", { n: at + 1, of: siblings.length })}>
          <Button icon="left" label={t("earlier")} disabled={!at} onClick={() => chat.choose(branch, at - 1)} />
          <span aria-hidden="true">{at + 1}/{siblings.length}</span>
          <Button icon="right" label={t("later")} disabled={at + 1 === siblings.length} onClick={() => chat.choose(branch, at + 1)} />
        </span>
      )}
      {text && <Button icon={copied ? "done" : "copy"} label={t(copied ? "copied" : "copy")} onClick={copy} />}
      {turn.known && text && chat.parameters.text_to_speech.enabled && (
        <Button icon={aloud.on ? "stop" : "sound"} label={t(aloud.on ? "silence" : "aloud")} onClick={aloud.toggle} />
      )}
      {turn.known && chat.info.mode !== "workflow" && (
        <>
          <Button icon="up" label={t("good")} pressed={turn.rating === "like"} onClick={() => void chat.rate(turn, "like")} />
          <Button icon="down" label={t("bad")} pressed={turn.rating === "dislike"} onClick={() => void chat.rate(turn, "dislike")} />
        </>
      )}
      {chat.talks && !chat.running && <Button icon="redo" label={t("redo")} onClick={() => void chat.redo(turn)} />}
    </div>
  );
}

export function Suggested({ chat, of }: { chat: Chat; of: string[] }) {
  return (
    <ul class="suggested">
      {of.map((question) => (
        <li key={question}>
          <button type="button" onClick={() => void chat.ask(question)}>{question}</button>
        </li>
      ))}
    </ul>
  );
}
