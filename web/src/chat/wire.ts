// The public API as this page reads it: shapes of replies and events. Knows no page.

export interface Info { name: string; description: string; mode: Mode }
export type Mode = "chat" | "agent-chat" | "agent" | "advanced-chat" | "completion" | "workflow";

export interface Parameters {
  opening_statement: string;
  suggested_questions: string[];
  suggested_questions_after_answer: { enabled: boolean };
  speech_to_text: { enabled: boolean };
  text_to_speech: { enabled: boolean };
  user_input_form: Record<string, Field>[];
  file_upload: {
    enabled: boolean;
    allowed_file_types: string[];
    allowed_file_extensions: string[];
    allowed_file_upload_methods: string[];
    number_limits: number;
  };
  system_parameters: Record<string, number>;
}

export interface Field {
  label: string;
  variable: string;
  required: boolean;
  default?: unknown;
  max_length?: number | null;
  options?: string[];
  hide?: boolean;
  allowed_file_types?: string[];
  allowed_file_extensions?: string[];
}

export interface Site { title: string; icon_type: string; icon: string; icon_background: string; icon_url: string | null }

export interface Conversation { id: string; name: string; inputs: Record<string, unknown>; introduction: string }

export interface Citation {
  position: number;
  dataset_name: string | null;
  document_name: string | null;
  content: string;
  score: number | null;
}

export interface WireFile {
  id?: string;
  filename?: string;
  name?: string;
  type: string;
  url: string;
  mime_type?: string;
  size?: number;
  belongs_to?: string;
}

export interface Thought {
  id: string;
  position: number;
  thought: string;
  tool: string;
  tool_input: string;
  observation: string;
}

export interface Message {
  id: string;
  conversation_id: string;
  parent_message_id: string;
  inputs: Record<string, unknown>;
  query: string;
  answer: string;
  status: "normal" | "error" | "paused";
  error: string | null;
  message_files: WireFile[];
  feedback: { rating: Rating } | null;
  retriever_resources: Citation[];
  agent_thoughts: Thought[];
  created_at: number;
}

export type Rating = "like" | "dislike" | null;

export interface FormAsked {
  form_id: string;
  form_token: string;
  form_content: string;
  node_title: string;
  inputs: { output_variable_name: string; type: string; label?: string }[];
  actions: { id: string; title: string; button_style?: string }[];
  resolved_default_values?: Record<string, unknown>;
}

/** An event of a stream: its name, ids, and what that name brings. */
export interface Event {
  event: string;
  task_id?: string;
  message_id?: string;
  conversation_id?: string;
  workflow_run_id?: string;
  // biome-ignore lint: what an event brings depends on its name
  [member: string]: any;
}

export const NIL = "00000000-0000-0000-0000-000000000000";
