// The form of an app, built from what /parameters says of it.

import { useState } from "preact/hooks";
import { told, type Chat } from "./chat";
import { accepted, kindOf } from "./files";
import { Button, Drawing } from "./icons";
import { t } from "./strings";
import type { Field } from "./wire";

interface Sent { type: string; transfer_method: "local_file"; upload_file_id: string; name?: string }

export function Form({ chat, name, done }: { chat: Chat; name: string; done: () => void }) {
  const [missing, setMissing] = useState<string[]>([]);
  const submit = (event: Event) => {
    event.preventDefault();
    const lacks = chat.fields.filter(({ kind, field }) => {
      const value = chat.inputs[field.variable];
      return field.required && kind !== "checkbox" && (value === "" || value == null || (Array.isArray(value) && !value.length));
    });
    setMissing(lacks.map(({ field }) => field.variable));
    if (!lacks.length) done();
    else document.getElementById(`field-${lacks[0]!.field.variable}`)?.focus();
  };
  return (
    <form class="card form" onSubmit={submit} noValidate>
      {chat.fields.map(({ kind, field }) => (
        <Entry key={field.variable} chat={chat} kind={kind} field={field} missing={missing.includes(field.variable)} />
      ))}
      <p class="buttons">
        {chat.running ? (
          <button type="button" class="plain" onClick={() => void chat.stop()}>{t("stop")}</button>
        ) : (
          <button type="submit" class="main">{name}</button>
        )}
      </p>
    </form>
  );
}

function Entry({ chat, kind, field, missing }: { chat: Chat; kind: string; field: Field; missing: boolean }) {
  const value = chat.inputs[field.variable];
  const set = (given: unknown) => {
    chat.inputs = { ...chat.inputs, [field.variable]: given };
    chat.changed();
  };
  const id = `field-${field.variable}`;
  const common = { id, "aria-invalid": missing, required: field.required };
  const text = String(value ?? "");
  const most = field.max_length || undefined;
  const write = (event: { currentTarget: { value: string } }) => set(event.currentTarget.value);
  return (
    <div class={`field ${kind}${missing ? " missing" : ""}`}>
      <label for={id}>
        {field.label || field.variable}
        {field.required && <span class="quiet"> · {t("required")}</span>}
      </label>
      {kind === "paragraph" || kind === "json_object" ? (
        <textarea {...common} rows={4} maxLength={most} value={text} onInput={write} dir="auto" />
      ) : kind === "select" ? (
        <select {...common} value={text} onChange={write}>
          <option value="">{t("choose")}</option>
          {field.options?.map((option) => <option key={option} value={option}>{option}</option>)}
        </select>
      ) : kind === "checkbox" ? (
        <input {...common} type="checkbox" checked={value === true} onChange={(event) => set(event.currentTarget.checked)} />
      ) : kind === "file" || kind === "file-list" ? (
        <Upload chat={chat} id={id} field={field} many={kind === "file-list"} value={value} set={set} />
      ) : kind === "number" ? (
        <input {...common} type="number" step="any" value={text} onInput={write} />
      ) : (
        <input {...common} type="text" maxLength={most} value={text} onInput={write} dir="auto" />
      )}
    </div>
  );
}

function Upload(props: { chat: Chat; id: string; field: Field; many: boolean; value: unknown; set: (given: unknown) => void }) {
  const { chat, field, many, set } = props;
  const rules = { allowed_file_types: field.allowed_file_types ?? ["document", "image"], allowed_file_extensions: field.allowed_file_extensions ?? [] };
  const sent = (Array.isArray(props.value) ? props.value : props.value ? [props.value] : []) as Sent[];
  const take = async (files: File[]) => {
    let all = many ? sent : [];
    for (const file of files) {
      try {
        const upload_file_id = await chat.upload(file);
        all = [...all, { type: kindOf(file, rules) || "custom", transfer_method: "local_file", upload_file_id, name: file.name }];
      } catch (error) {
        chat.say(told(error));
      }
    }
    set(many ? all : (all[0] ?? ""));
  };
  return (
    <>
      <input id={props.id} type="file" multiple={many} accept={accepted(rules)} onChange={(event) => void take([...(event.currentTarget.files ?? [])])} />
      <ul class="drafts">
        {sent.map((file) => (
          <li key={file.upload_file_id}>
            <span class="chip"><Drawing of="file" /><span>{file.name ?? t("file")}</span></span>
            <Button icon="close" label={t("detach", { name: file.name ?? t("file") })} onClick={() => { const left = sent.filter((one) => one !== file); set(many ? left : ""); }} />
          </li>
        ))}
      </ul>
    </>
  );
}
