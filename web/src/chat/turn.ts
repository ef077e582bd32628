// One turn as it is shown, and what each event of its run does to it. Knows no request and no page.

import type { Citation, Event, FormAsked, Message, Rating, Thought, WireFile } from "./wire";

export interface Step {
  id: string;
  title: string;
  type: string;
  status: "running" | "succeeded" | "failed" | "stopped" | "retry";
  seconds: number;
  error: string;
  depth: number;
  lines: string[];
  /** What an agent within it has done. */
}

export interface Turn {
  id: string;
  /** Of the message; of one that has none yet, a name of our own. */
  known: boolean;
  parent: string;
  query: string;
  inputs: Record<string, unknown>;
  answer: string;
  reasoning: string;
  thoughts: Thought[];
  pending: string;
  /** What an agent has said since its last thought. */
  steps: Step[];
  sent: WireFile[];
  made: WireFile[];
  citations: Citation[];
  forms: FormAsked[];
  outputs: Record<string, unknown> | null;
  suggested: string[];
  rating: Rating;
  state: "running" | "done" | "stopped" | "failed";
  error: string;
  task: string;
}

export function asked(query: string, parent: string, inputs: Record<string, unknown>, sent: WireFile[]): Turn {
  return {
    id: `new-${Math.random()}`,
    known: false,
    parent,
    query,
    inputs,
    sent,
    answer: "",
    reasoning: "",
    thoughts: [],
    pending: "",
    steps: [],
    made: [],
    citations: [],
    forms: [],
    outputs: null,
    suggested: [],
    rating: null,
    state: "running",
    error: "",
    task: "",
  };
}

export function toldBefore(message: Message): Turn {
  return {
    ...asked(message.query, message.parent_message_id, message.inputs, []),
    id: message.id,
    known: true,
    answer: message.answer,
    thoughts: [...message.agent_thoughts].sort((one, other) => one.position - other.position),
    sent: message.message_files.filter((file) => file.belongs_to !== "assistant"),
    made: message.message_files.filter((file) => file.belongs_to === "assistant"),
    citations: message.retriever_resources,
    rating: message.feedback?.rating ?? null,
    state: message.status === "error" ? "failed" : "done",
    error: message.error ?? "",
  };
}

/** Begin to hear a run from its first event on. */
export function forget(turn: Turn): void {
  Object.assign(turn, { answer: "", reasoning: "", thoughts: [], pending: "", steps: [], made: [], citations: [], forms: [] });
  Object.assign(turn, { outputs: null, state: "running", error: "" });
}

export function hear(turn: Turn, event: Event): void {
  const data = event.data ?? {};
  if (event.task_id) turn.task = event.task_id;
  if (event.message_id && !turn.known) Object.assign(turn, { id: event.message_id, known: true });
  switch (event.event) {
    case "message":
      // an agent of the newer kind says all of it once more at its end
      turn.answer = turn.thoughts.length ? event.answer : turn.answer + event.answer;
      break;
    case "text_chunk":
      turn.answer += data.text;
      break;
    case "agent_message":
      turn.answer += event.answer;
      turn.pending += event.answer;
      break;
    case "agent_thought":
      thought(turn, event as unknown as Thought);
      break;
    case "reasoning_chunk":
      turn.reasoning += data.reasoning ?? "";
      break;
    case "message_replace":
      Object.assign(turn, { answer: event.answer, pending: "", thoughts: [] });
      break;
    case "text_replace":
      turn.answer = data.text;
      break;
    case "message_file":
      if (event.belongs_to === "assistant") turn.made.push(event as unknown as WireFile);
      break;
    case "message_end":
      turn.citations = event.metadata?.retriever_resources ?? [];
      addFiles(turn, event.files);
      break;
    case "error":
      Object.assign(turn, { state: "failed", error: event.message ?? "" });
      break;
    case "human_input_required":
      if (!turn.forms.some((form) => form.form_id === data.form_id)) turn.forms.push(data);
      break;
    case "human_input_form_filled":
    case "human_input_form_timeout":
      turn.forms = turn.forms.filter((form) => form.node_title !== data.node_title);
      break;
    default:
      flow(turn, event.event, data);
  }
}

function thought(turn: Turn, event: Thought): void {
  const at = turn.thoughts.findIndex((one) => one.id === event.id);
  if (at < 0) turn.thoughts.push(event);
  else turn.thoughts[at] = event;
  if (event.thought) turn.pending = "";
}

function flow(turn: Turn, name: string, data: any): void {
  const step = turn.steps.find((one) => one.id === (data.node_execution_id ?? data.id));
  switch (name) {
    case "node_started":
    case "iteration_started":
    case "loop_started":
      if (!step)
        turn.steps.push({
          id: data.id,
          title: data.title ?? data.node_type,
          type: data.node_type,
          status: "running",
          seconds: 0,
          error: "",
          depth: data.iteration_id || data.loop_id ? 1 : 0,
          lines: [],
        });
      break;
    case "node_finished":
    case "node_retry":
    case "iteration_completed":
    case "loop_completed":
      if (step)
        Object.assign(step, {
          status: name === "node_retry" ? "retry" : data.status === "succeeded" ? "succeeded" : "failed",
          seconds: data.elapsed_time ?? 0,
          error: data.error ?? "",
        });
      break;
    case "agent_log":
      if (step && data.label && !step.lines.includes(data.label)) step.lines.push(data.label);
      break;
    case "workflow_finished":
      turn.outputs = data.outputs ?? null;
      addFiles(turn, data.files);
      if (data.status === "failed") Object.assign(turn, { state: "failed", error: data.error ?? "" });
      if (data.status === "stopped") turn.state = "stopped";
      break;
  }
}

function addFiles(turn: Turn, files: WireFile[] | null | undefined): void {
  for (const file of files ?? []) if (file.url && !turn.made.some((one) => one.url === file.url)) turn.made.push(file);
}

/** It is over, whatever was heard last. */
export function close(turn: Turn): void {
  if (turn.state === "running") turn.state = "done";
  for (const step of turn.steps) if (step.status === "running") step.status = turn.state === "done" ? "succeeded" : "stopped";
}
