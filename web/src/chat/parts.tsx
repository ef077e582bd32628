// What an answer consists of beside its text: files, sources, what an agent did, which nodes ran, what it asks.

import { useRef, useState } from "preact/hooks";
import type { Chat } from "./chat";
import { told } from "./chat";
import { linkTo, shownAt } from "./files";
import { Drawing } from "./icons";
import { t } from "./strings";
import { Text } from "./text";
import type { Step, Turn } from "./turn";
import type { Citation, FormAsked, Thought, WireFile } from "./wire";

export function Files({ of }: { of: WireFile[] }) {
  return (
    <ul class="files">
      {of.map((file) => (
        <li key={file.id ?? file.url}><Shown file={file} /></li>
      ))}
    </ul>
  );
}

function Shown({ file }: { file: WireFile }) {
  const at = shownAt(file.url);
  const name = file.filename ?? file.name ?? t("file");
  if (at && file.type === "image")
    return (
      <a href={at} target="_blank" rel="noopener">
        <img class="picture" src={at} alt={name} />
      </a>
    );
  if (at && file.type === "audio") return <audio controls src={at} aria-label={name} />;
  if (at && file.type === "video") return <video controls src={at} aria-label={name} />;
  const to = at || linkTo(file.url);
  const label = (
    <>
      <Drawing of="file" />
      <span>{name}</span>
    </>
  );
  return to ? (
    <a class="chip" href={to} target="_blank" rel="noopener noreferrer">
      {label}
    </a>
  ) : (
    <span class="chip">{label}</span>
  );
}

export function Sources({ of }: { of: Citation[] }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [open, setOpen] = useState<Citation | null>(null);
  const show = (citation: Citation) => {
    setOpen(citation);
    dialog.current!.showModal();
  };
  return (
    <section class="sources" aria-label={t("sources")}>
      <h3>{t("sources")}</h3>
      <ol>
        {of.map((citation) => (
          <li key={citation.position}>
            <button type="button" class="chip" onClick={() => show(citation)}>
              <b>{citation.position}</b>
              <span>{citation.document_name ?? t("source")}</span>
            </button>
          </li>
        ))}
      </ol>
      <dialog ref={dialog} class="source" aria-label={open?.document_name ?? t("source")} onClick={(event) => event.target === dialog.current && dialog.current!.close()}>
        <header>
          <div>
            <h2>{open?.document_name ?? t("source")}</h2>
            <p class="quiet">
              {open?.dataset_name}
              {open?.score != null && ` · ${t("score", { n: open.score.toFixed(2) })}`}
            </p>
          </div>
          <button type="button" class="round" aria-label={t("close")} onClick={() => dialog.current!.close()}>
            <Drawing of="close" />
          </button>
        </header>
        <div class="passage" tabIndex={0} dir="auto">{open?.content}</div>
      </dialog>
    </section>
  );
}

/** A text that may be JSON, as it reads best. */
function plain(text: string): string {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "string" ? value : JSON.stringify(value, null, 2);
  } catch {
    return text;
  }
}

export function Thoughts({ of, running }: { of: Thought[]; running: boolean }) {
  return (
    <>
      {of.map((thought) => (
        <div key={thought.id} class="thought">
          {thought.thought && <Text of={thought.thought} />}
          {thought.tool && (
            <details class="fold">
              <summary>
                <Mark state={thought.observation || !running ? "succeeded" : "running"} />
                {t(thought.observation || !running ? "tool" : "using", { name: thought.tool.split(";").join(", ") })}
              </summary>
              <h4>{t("given")}</h4>
              <pre tabIndex={0}>{plain(thought.tool_input)}</pre>
              {thought.observation && (
                <>
                  <h4>{t("came")}</h4>
                  <pre tabIndex={0}>{plain(thought.observation)}</pre>
                </>
              )}
            </details>
          )}
        </div>
      ))}
    </>
  );
}

function Mark({ state }: { state: Step["status"] }) {
  return <span class={`mark ${state}`} aria-hidden="true" />;
}

export function Steps({ of, running }: { of: Step[]; running: boolean }) {
  const now = of.findLast((step) => step.status === "running");
  const failed = of.some((step) => step.status === "failed");
  return (
    <details class="fold steps" open={running || failed}>
      <summary>
        <Mark state={failed ? "failed" : running ? "running" : "succeeded"} />
        {running && now ? now.title : t("stepsDone", { n: of.length })}
      </summary>
      <ol>
        {of.map((step) => (
          <li key={step.id} class={`${step.status}${step.depth ? " inner" : ""}`}>
            <Mark state={step.status} />
            <span class="name">{step.title}</span>
            {step.status !== "running" && <span class="quiet">{step.seconds.toFixed(step.seconds < 1 ? 2 : 1)} s</span>}
            {step.lines.length > 0 && <span class="lines quiet">{step.lines.join(" · ")}</span>}
            {step.error && <p class="why">{step.error}</p>}
          </li>
        ))}
      </ol>
    </details>
  );
}

export function Outputs({ of }: { of: Record<string, unknown> }) {
  return (
    <dl class="outputs">
      {Object.entries(of).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{typeof value === "string" ? <Text of={value} /> : <pre tabIndex={0}>{JSON.stringify(value, null, 2)}</pre>}</dd>
        </div>
      ))}
    </dl>
  );
}

/** What a run asks somebody, with the buttons that answer. */
export function Waiting({ chat, turn, form }: { chat: Chat; turn: Turn; form: FormAsked }) {
  const [values, setValues] = useState<Record<string, unknown>>({ ...form.resolved_default_values });
  const [error, setError] = useState("");
  const send = (action: string) => chat.fillForm(turn, form, action, values).catch((problem) => setError(told(problem)));
  return (
    <section class="card" aria-label={t("waits")}>
      <h3>{t("waits")}</h3>
      <Text of={form.form_content.replace(/\{\{#\$output\.[^}]*#\}\}/g, "")} />
      {form.inputs.map((input) => (
        <label key={input.output_variable_name} class="field">
          <span>{input.label ?? input.output_variable_name}</span>
          <textarea
            rows={2}
            value={String(values[input.output_variable_name] ?? "")}
            onInput={(event) => setValues({ ...values, [input.output_variable_name]: event.currentTarget.value })}
          />
        </label>
      ))}
      {error && <p class="why" role="alert">{error}</p>}
      <p class="buttons">
        {form.actions.map((action) => (
          <button key={action.id} type="button" class={action.button_style === "primary" ? "main" : "plain"} onClick={() => void send(action.id)}>
            {action.title}
          </button>
        ))}
      </p>
    </section>
  );
}
