// What was asked and answered: the texts, what an agent did on the way, and what the answer rests on.

import type { Said, Source, Step } from "./api";
import { say } from "./said";

export function Exchange({ said, running }: { said: Said; running: boolean }) {
  return (
    <section class="exchange" aria-label={say("answer")}>
      {said.query && (
        <figure class="question">
          <figcaption>{say("question")}</figcaption>
          <blockquote dir="auto">{said.query}</blockquote>
        </figure>
      )}
      <figure class="card reply">
        <figcaption>{say("answer")}</figcaption>
        {said.answer ? <blockquote dir="auto" class={running ? "going" : ""}>{said.answer}</blockquote> : <p class="quiet">{running ? say("loading") : say("noAnswer")}</p>}
        {said.citations.length > 0 && <Sources of={said.citations} />}
        {said.files.length > 0 && (
          <ul class="chips" aria-label={say("files")}>{said.files.map((file) => <li key={file.id} class="chip">{file.name || file.type}</li>)}</ul>
        )}
      </figure>
    </section>
  );
}

function Sources({ of }: { of: Source[] }) {
  return (
    <section aria-label={say("sources")}>
      <h3>{say("sources")}</h3>
      {of.map((one) => (
        <details key={one.position} class="fold">
          <summary>
            <b>{one.position}</b> {one.document_name ?? say("source")}
            <span class="quiet small"> {one.dataset_name}{one.score !== null && ` · ${say("score", { n: one.score.toFixed(2) })}`}</span>
          </summary>
          <p class="passage" dir="auto" tabIndex={0}>{one.content}</p>
        </details>
      ))}
    </section>
  );
}

export function Steps({ of, record }: { of: Step[]; record: string }) {
  return (
    <section aria-labelledby="steps">
      <h2 id="steps">{say("thoughts")}</h2>
      <ol class="steps card">
        {of.map((step) => (
          <li key={step.id}>
            <p><strong>{say("step", { n: step.position })}</strong> {step.tool ? say("used", { name: step.tool.split(";").join(", ") }) : say("answered")}</p>
            {step.thought && <p class="said" dir="auto">{step.thought}</p>}
            {step.tool && (step.tool_input || step.observation) && (
              <div class="both">
                <Text name={say("given")} of={step.tool_input} />
                <Text name={say("came")} of={step.observation} />
              </div>
            )}
          </li>
        ))}
      </ol>
      {record !== "full" && <p class="quiet small">{say("onlyMetaThoughts")}</p>}
    </section>
  );
}

function Text({ name, of }: { name: string; of: string | null }) {
  if (!of) return null;
  return (
    <figure class="values card">
      <figcaption>{name}</figcaption>
      <pre tabIndex={0} aria-label={name}>{plain(of)}</pre>
    </figure>
  );
}

/** What may be JSON, as it reads best. */
function plain(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
