// The visitor's conversations: begin one, open one, name it, delete it.

import { useEffect, useRef, useState } from "preact/hooks";
import { told, type Chat } from "./chat";
import { Button, Drawing } from "./icons";
import { t } from "./strings";
import type { Conversation } from "./wire";

export function Mark({ chat }: { chat: Chat }) {
  const { icon, icon_type, icon_background } = chat.site;
  const shown = icon_type === "emoji" && icon ? icon : (chat.info.name[0] ?? "·");
  return <span class="app-icon" aria-hidden="true" style={{ background: icon_background || undefined }}>{shown}</span>;
}

export function Sidebar({ chat, close }: { chat: Chat; close: () => void }) {
  const [naming, setNaming] = useState("");
  const [menu, setMenu] = useState("");
  const dialog = useRef<HTMLDialogElement>(null);
  const [doomed, setDoomed] = useState("");
  useEffect(() => {
    if (!menu) return;
    const end = (event: Event) => {
      if (event instanceof KeyboardEvent ? event.key === "Escape" : !(event.target as Element).closest(".menu, .dots")) setMenu("");
    };
    document.addEventListener("click", end);
    document.addEventListener("keydown", end);
    return () => {
      document.removeEventListener("click", end);
      document.removeEventListener("keydown", end);
    };
  }, [menu]);
  const attempt = (doing: Promise<void>) => void doing.catch((error) => chat.say(told(error)));
  const go = (id: string) => {
    close();
    attempt(chat.show(id));
  };
  return (
    <nav class="sidebar" aria-label={t("conversations")}>
      <header>
        <Mark chat={chat} />
        <strong>{chat.info.name}</strong>
        <Button class="only-small" icon="close" label={t("hide")} onClick={close} />
      </header>
      <button type="button" class="new" onClick={() => go("")}>
        <Drawing of="add" /> {t("newChat")}
      </button>
      {!chat.conversations.length && <p class="quiet nothing">{t("none")}</p>}
      <ul>
        {chat.conversations.map((one) => (
          <li key={one.id} class={one.id === chat.conversation ? "current" : ""}>
            {naming === one.id ? (
              <Naming of={one} done={(name) => { setNaming(""); if (name && name !== one.name) attempt(chat.rename(one.id, name)); }} />
            ) : (
              <>
                <button type="button" class="name" aria-current={one.id === chat.conversation ? "page" : undefined} onClick={() => go(one.id)}>
                  {one.name}
                </button>
                <Button class="dots" icon="dots" label={t("options", { name: one.name })} expanded={menu === one.id} onClick={() => setMenu(menu === one.id ? "" : one.id)} />
                {menu === one.id && (
                  <div class="menu">
                    <button type="button" onClick={() => { setMenu(""); setNaming(one.id); }}><Drawing of="edit" />{t("rename")}</button>
                    <button type="button" class="danger" onClick={() => { setMenu(""); setDoomed(one.id); dialog.current!.showModal(); }}><Drawing of="bin" />{t("remove")}</button>
                  </div>
                )}
              </>
            )}
          </li>
        ))}
      </ul>
      {chat.more && <button type="button" class="plain" onClick={() => attempt(chat.list(true))}>{t("more")}</button>}
      <dialog ref={dialog} aria-labelledby="remove-title">
        <h2 id="remove-title">{t("removeAsk")}</h2>
        <p class="quiet">{t("removeMore")}</p>
        <p class="buttons">
          <button type="button" class="plain" onClick={() => dialog.current!.close()}>{t("cancel")}</button>
          <button type="button" class="main danger" onClick={() => { dialog.current!.close(); attempt(chat.remove(doomed)); }}>{t("remove")}</button>
        </p>
      </dialog>
    </nav>
  );
}

function Naming({ of, done }: { of: Conversation; done: (name: string) => void }) {
  const field = useRef<HTMLInputElement>(null);
  const ended = useRef(false);
  useEffect(() => field.current!.select(), []);
  const end = (name: string) => {
    if (ended.current) return;
    ended.current = true;
    done(name.trim());
  };
  return (
    <input
      ref={field}
      class="naming"
      aria-label={t("rename")}
      defaultValue={of.name}
      onBlur={(event) => end(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === "Enter" && !event.isComposing) end(event.currentTarget.value);
        if (event.key === "Escape") end("");
      }}
    />
  );
}
