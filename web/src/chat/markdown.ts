// Markdown of a model, which may say anything, to elements that do nothing but show it.
//
// HTML in it is text: only a few bare tags are taken for what they are. What comes of it is cleaned once more, and
// becomes elements without passing through a string. Knows no chat.

import DOMPurify from "dompurify";
import { Marked, type Token, type Tokens } from "marked";
import { linkTo, shownAt } from "./files";
import { t } from "./strings";

const BARE = /^<(\/?)(br|sub|sup|kbd|b|i|u|s|em|strong|mark|hr|details|summary|p|center)\s*\/?>$/i;
const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (one) => ENTITIES[one]!);
}

/** Bare tags stay, everything else of HTML is shown as it is written. */
function tags(html: string): string {
  return html
    .split(/(<[^<>]*>)/)
    .map((part) => (BARE.test(part) ? part.toLowerCase().replace("/>", ">") : escape(part)))
    .join("");
}

const marked = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    html: ({ text }: Tokens.HTML | Tokens.Tag) => tags(text),
    link({ href, tokens, title }: Tokens.Link): string {
      const inner = this.parser.parseInline(tokens);
      const to = linkTo(href);
      return to ? `<a href="${escape(to)}"${title ? ` title="${escape(title)}"` : ""}>${inner}</a>` : inner;
    },
    image({ href, text }: Tokens.Image): string {
      const at = shownAt(href);
      if (at) return `<img src="${escape(at)}" alt="${escape(text)}" loading="lazy">`;
      const to = linkTo(href);
      const host = to.startsWith("http") ? new URL(to).host : "";
      return host ? `<a class="elsewhere" href="${escape(to)}">${escape([text, t("remote", { host })].filter(Boolean).join(" · "))}</a>` : escape(text);
    },
    checkbox: ({ checked }: Tokens.Checkbox) => (checked ? "☑ " : "☐ "),
  },
});

const CLEAN = {
  ALLOWED_TAGS: (
    "a b blockquote br center code del details em h1 h2 h3 h4 h5 h6 hr i img kbd li mark ol p pre s strong sub summary sup " +
    "table tbody td th thead tr u ul"
  ).split(" "),
  ALLOWED_ATTR: ["href", "title", "src", "alt", "loading", "class", "align", "start"],
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|blob:|data:image\/(?:png|jpeg|gif|webp);base64,|\/files\/)/i,
  RETURN_DOM_FRAGMENT: true as const,
};

/** The blocks of a text: what was complete stays the same while more comes, so that it need not be drawn again. */
export function blocks(text: string): Token[] {
  const found = marked.lexer(text);
  return found.filter((token) => token.type !== "space" && token.type !== "def");
}

/** The elements of a block. */
export function elements(block: Token): DocumentFragment {
  const html = marked.parser([block]);
  const made = DOMPurify.sanitize(html, CLEAN);
  for (const link of made.querySelectorAll("a")) {
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
  }
  for (const table of made.querySelectorAll("table")) {
    const wide = document.createElement("div");
    wide.className = "wide";
    wide.tabIndex = 0;
    wide.setAttribute("role", "region");
    wide.setAttribute("aria-label", t("result"));
    table.replaceWith(wide);
    wide.append(table);
  }
  for (const code of made.querySelectorAll("pre > code")) titled(code as HTMLElement);
  return made;
}

/** A block of code with its language, and a button to copy it. */
function titled(code: HTMLElement): void {
  const pre = code.parentElement!;
  const frame = document.createElement("figure");
  frame.className = "code";
  const head = document.createElement("figcaption");
  const name = document.createElement("span");
  const language = /language-([\w+#-]+)/.exec(code.className)?.[1] ?? "";
  name.textContent = language;
  const copy = document.createElement("button");
  copy.type = "button";
  copy.textContent = t("copy");
  copy.addEventListener("click", () => {
    void navigator.clipboard.writeText(code.textContent ?? "").then(() => {
      copy.textContent = t("copied");
      setTimeout(() => (copy.textContent = t("copy")), 1500);
    });
  });
  head.append(name, copy);
  pre.tabIndex = 0;
  pre.replaceWith(frame);
  frame.append(head, pre);
  if (!language) return;
  if (colours) colours.colour(code, language);
  else void import("./highlight").then((loaded) => (colours = loaded).colour(code, language));
}

let colours: typeof import("./highlight") | null = null;

/** What a model thought aloud, in its own tags, and what it said. */
export function apart(answer: string): { thought: string; said: string } {
  const match = /^\s*<think>([\s\S]*?)(?:<\/think>|$)/.exec(answer);
  return match ? { thought: match[1]!.trim(), said: answer.slice(match[0].length).trimStart() } : { thought: "", said: answer };
}
