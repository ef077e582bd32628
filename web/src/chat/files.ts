// Files: which are taken, what kind they are, and which addresses of pictures are this server's own.
// Knows no request.

import { t } from "./strings";

interface Rules { allowed_file_types: string[]; allowed_file_extensions: string[] }

const DOCUMENTS = "txt md mdx markdown pdf html htm xlsx xls doc docx csv eml msg pptx ppt xml epub vtt properties".split(" ");

function extension(name: string): string {
  return name.includes(".") ? name.split(".").at(-1)!.toLowerCase() : "";
}

/** The kind of a file, as messages name it. */
export function kindOf(file: { name: string; type: string }, rules: Rules): string {
  const family = file.type.split("/")[0]!;
  if (["image", "audio", "video"].includes(family) && rules.allowed_file_types.includes(family)) return family;
  if (DOCUMENTS.includes(extension(file.name)) && rules.allowed_file_types.includes("document")) return "document";
  return rules.allowed_file_types.includes("custom") ? "custom" : "";
}

/** Why a file is not taken; "" if it is. */
export function refused(file: File, rules: Rules, limits: Record<string, number>): string {
  const kind = kindOf(file, rules);
  const known = rules.allowed_file_extensions.map((one) => one.toLowerCase().replace(/^\./, ""));
  if (!kind || (kind === "custom" && known.length && !known.includes(extension(file.name)))) return t("notTaken", { name: file.name });
  const limit = limits[kind === "image" ? "image_file_size_limit" : kind === "audio" ? "audio_file_size_limit" : kind === "video" ? "video_file_size_limit" : "file_size_limit"] ?? 15;
  return file.size > limit * 1024 * 1024 ? t("tooLarge", { name: file.name }) : "";
}

/** What the dialog of the system offers. */
export function accepted(rules: Rules): string {
  const kinds = rules.allowed_file_types.flatMap((kind) =>
    kind === "document" ? DOCUMENTS.map((one) => `.${one}`) :
    kind === "custom" ? rules.allowed_file_extensions.map((one) => (one.startsWith(".") ? one : `.${one}`)) : [`${kind}/*`],
  );
  return kinds.join(",");
}

const OWN = /^\/files\/(?:[0-9a-f-]{36}\/file-preview|tools\/[0-9a-f-]{36}\.\w+)$/;
const DATA = /^data:image\/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+$/;

/** The address at which the browser may show it: this server's files, whatever host they were named with, and pictures
 * that are their own address. "" for any other: it would tell its host who reads what. */
export function shownAt(address: string): string {
  if (address.startsWith("blob:") || DATA.test(address)) return address;
  try {
    const found = new URL(address, location.origin);
    return OWN.test(found.pathname) && found.searchParams.has("sign") ? found.pathname + found.search : "";
  } catch {
    return "";
  }
}

/** An address that a click may go to; "" for any other kind than the web's and mail's. */
export function linkTo(address: string): string {
  try {
    const found = new URL(address, location.href);
    return ["http:", "https:", "mailto:"].includes(found.protocol) && !/^\s*$/.test(address) ? found.href : "";
  } catch {
    return "";
  }
}
