// Where a message is written: text, files by button, drop and paste, speech; send and stop.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Chat } from "./chat";
import { accepted } from "./files";
import { Button, Drawing } from "./icons";
import { t } from "./strings";
import type { Turn } from "./turn";
import { useListening } from "./voice";

export interface Editing { turn: Turn; parent: string }

export function Composer({ chat, editing, done }: { chat: Chat; editing: Editing | null; done: () => void }) {
  const [text, setText] = useState("");
  const [over, setOver] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const listening = useListening(chat, (heard) => setText((before) => `${before}${before && " "}${heard}`));
  const rules = chat.parameters.file_upload;
  const takes = rules.enabled && rules.allowed_file_upload_methods.includes("local_file");
  const ready = text.trim() !== "" && chat.drafts.every((draft) => draft.id);

  useLayoutEffect(() => {
    const area = field.current!;
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight, 240)}px`;
  }, [text]);
  useEffect(() => {
    if (editing) setText(editing.turn.query);
    if (editing || matchMedia("(hover: hover)").matches) field.current!.focus();
  }, [editing, chat.conversation]);
  useEffect(() => {
    const over = (event: DragEvent) => {
      if (!takes || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setOver(event.type !== "drop" && event.type !== "dragleave");
      if (event.type === "drop") void chat.attach([...event.dataTransfer.files]);
    };
    for (const name of ["dragover", "dragleave", "drop"] as const) document.addEventListener(name, over);
    return () => {
      for (const name of ["dragover", "dragleave", "drop"] as const) document.removeEventListener(name, over);
    };
  }, [takes]);

  const send = () => {
    if (!ready || chat.running) return;
    void chat.ask(text.trim(), editing?.parent);
    setText("");
    done();
  };
  const key = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape") {
      if (chat.running) void chat.stop();
      else if (editing) {
        setText("");
        done();
      }
    }
  };
  const paste = (event: ClipboardEvent) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!takes || !files.length) return;
    event.preventDefault();
    void chat.attach(files);
  };

  return (
    <form
      class={`composer ${over ? "over" : ""}`}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {over && <p class="drop">{t("drop")}</p>}
      {editing && (
        <p class="editing quiet">
          <Drawing of="edit" /> {t("edit")}
          <Button icon="close" label={t("cancel")} onClick={() => { setText(""); done(); }} />
        </p>
      )}
      {chat.drafts.length > 0 && (
        <ul class="drafts">
          {chat.drafts.map((draft) => (
            <li key={draft.key} class={draft.id ? "" : "sending"} aria-busy={!draft.id}>
              {draft.type === "image" ? <img src={draft.address} alt={draft.file.name} /> : <span class="chip"><Drawing of="file" /><span>{draft.file.name}</span></span>}
              <Button icon="close" label={t("detach", { name: draft.file.name })} onClick={() => chat.detach(draft)} />
            </li>
          ))}
        </ul>
      )}
      <div class="line">
        {takes && (
          <>
            <input
              ref={picker}
              type="file"
              hidden
              multiple
              accept={accepted(rules)}
              onChange={(event) => {
                void chat.attach([...(event.currentTarget.files ?? [])]);
                event.currentTarget.value = "";
              }}
            />
            <Button icon="clip" label={t("attach")} onClick={() => picker.current!.click()} />
          </>
        )}
        <textarea
          id="message"
          ref={field}
          rows={1}
          dir="auto"
          value={text}
          placeholder={t("ask")}
          aria-label={t("ask")}
          enterkeyhint="send"
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={key}
          onPaste={paste}
        />
        {chat.parameters.speech_to_text.enabled && (
          <Button icon={listening.on ? "stop" : "mic"} label={t(listening.on ? "listening" : "speak")} pressed={listening.on} onClick={listening.toggle} />
        )}
        {chat.running ? (
          <Button class="go" icon="stop" label={t("stop")} onClick={() => void chat.stop()} />
        ) : (
          <Button class="go" icon="send" label={t("send")} disabled={!ready} onClick={send} />
        )}
      </div>
    </form>
  );
}
