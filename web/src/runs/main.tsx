// The operator's page: who signs in sees the runs of all apps, one of them, or figures. What is shown stands in the
// address behind the `#`, the key never.

import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { language } from "../language";
import { Problem } from "../reply";
import { theme, turn } from "../theme";
import { get, signedIn, signIn, type App } from "./api";
import { Dashboard } from "./dashboard";
import { List } from "./list";
import { say, speak } from "./said";
import { View } from "./run";
import "./style.css";

function place(): { page: string; id: string; query: URLSearchParams } {
  const [path = "", query = ""] = location.hash.slice(1).split("?");
  const [, page = "", id = ""] = path.split("/");
  return { page, id, query: new URLSearchParams(query) };
}

export function Page() {
  const [at, move] = useState(place);
  const [apps, setApps] = useState<App[] | null>(null);
  const [wrong, setWrong] = useState("");
  const [entered, enter] = useState(signedIn());
  const [, draw] = useState(0);

  const first = useRef(true);
  useEffect(() => {
    if (!first.current) {
      scrollTo(0, 0);
      document.getElementById("content")!.focus({ preventScroll: true });
    }
    first.current = false;
  }, [at.page, at.id]);

  useEffect(() => {
    const moved = () => move(place());
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);

  useEffect(() => {
    if (!entered) return;
    get<{ data: App[] }>("apps").then(
      (found) => (setApps(found.data), setWrong("")),
      (problem: Error) => {
        const refused = problem instanceof Problem && problem.status === 401;
        if (refused) signIn("");
        enter(!refused);
        setWrong(refused ? say("wrongKey") : problem.message);
      },
    );
  }, [entered]);

  const leave = () => {
    signIn("");
    setApps(null);
    enter(false);
  };
  const content = () => {
    if (!entered || !apps) return entered && !wrong ? <p class="quiet">{say("loading")}</p> : <SignIn wrong={wrong} enter={() => enter(true)} />;
    if (at.page === "run" && at.id) return <View key={at.id} id={at.id} />;
    if (at.page === "dashboard") return <Dashboard apps={apps} query={at.query} />;
    return <List apps={apps} query={at.query} />;
  };
  const here = (page: string) => (at.page === page || (page === "" && at.page === "run") ? "page" : undefined);
  return (
    <>
      <a class="skip" href="#content" onClick={(event) => (event.preventDefault(), document.getElementById("content")?.focus())}>{say("skip")}</a>
      <header class="top">
        <strong>Parlour</strong>
        {apps && (
          <nav aria-label={say("title")}>
            <a href="#/" aria-current={here("")}>{say("runs")}</a>
            <a href="#/dashboard" aria-current={here("dashboard")}>{say("dashboard")}</a>
          </nav>
        )}
        <span class="gap" />
        <button class="plain half" onClick={turnAround} aria-label={say("theme")} title={say("theme")}>◐</button>
        <button class="plain" onClick={() => { speak(); draw((count) => count + 1); }} lang={language === "zh" ? "en" : "zh-Hans"}>{language === "zh" ? "English" : "中文"}</button>
        {apps && <button class="plain" onClick={leave}>{say("signOut")}</button>}
      </header>
      <main id="content" tabIndex={-1}>{content()}</main>
    </>
  );
}

function SignIn({ wrong, enter }: { wrong: string; enter: () => void }) {
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    const given = String(new FormData(event.currentTarget as HTMLFormElement).get("key") ?? "").trim();
    if (!given) return;
    signIn(given);
    enter();
  };
  return (
    <form class="sign-in card" onSubmit={send}>
      <h1>{say("signIn")}</h1>
      <label for="key">{say("key")}</label>
      <input id="key" name="key" type="password" autocomplete="off" required autoFocus aria-describedby="key-more" />
      <p id="key-more" class="quiet">{say("keyMore")}</p>
      {wrong && <p class="wrong" role="alert">{wrong}</p>}
      <button class="main">{say("signIn")}</button>
    </form>
  );
}

/** Whatever is shown, the other one. */
function turnAround(): void {
  const shown = theme === "auto" ? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light") : theme;
  turn(shown === "dark" ? "light" : "dark");
}

render(<Page />, document.getElementById("page")!);
