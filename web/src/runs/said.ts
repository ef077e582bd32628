// What the page says, in English and in Chinese, and how it writes numbers. Knows nothing else.

import { change, filled, language } from "../language";

const en = {
  title: "Runs", runs: "Runs", dashboard: "Dashboard", signIn: "Sign in", signOut: "Sign out",
  key: "Operator's key", keyMore: "Make one with: parlour keys create --admin. It is kept for this tab only.",
  wrongKey: "This key does not open the runs.", app: "App", allApps: "All apps", user: "User", status: "Status", any: "Any",
  since: "Since", hour: "Last hour", day: "Last day", week: "Last 7 days", month: "Last 30 days", ever: "All time",
  began: "Began", took: "Took", tokens: "Tokens", price: "Price", more: "Show more", none: "No runs fit.",
  loading: "One moment…", refresh: "Refresh", back: "All runs", graph: "Graph", timeline: "Timeline",
  inputs: "Inputs", outputs: "Outputs", process: "Process", version: "Version", steps: "Steps",
  noGraph: "The version of the app that ran is no longer known: there is no picture of its graph.",
  noNodes: "Nothing was recorded of its nodes (storage.record).", live: "Live: the run goes on.",
  onlyMeta: "Inputs and outputs of nodes are recorded where storage.record says full.",
  firstToken: "First token", round: "Round {n}", close: "Close", requests: "Requests",
  errors: "Errors", cost: "Cost", latency: "Time to the end", p50: "half", p95: "95 of 100",
  half: "half of them took no longer", table: "As a table", at: "At", whole: "The whole time",
  incomplete: "There were very many requests: only the newest are counted.", nothing: "Nothing happened in this time.",
  "s:running": "running", "s:succeeded": "succeeded", "s:failed": "failed", "s:stopped": "stopped",
  "s:partial-succeeded": "succeeded in part", "s:paused": "waits", "s:exception": "failed, caught", "s:retry": "tried again",
  "s:idle": "did not run", skip: "To the content", where: "Where it failed: {node}", theme: "Light or dark", id: "Run",
};
type Words = typeof en;

const zh: Words = {
  title: "运行记录", runs: "运行记录", dashboard: "仪表盘", signIn: "登录", signOut: "退出",
  key: "管理员密钥", keyMore: "用 parlour keys create --admin 创建。仅在此标签页内保存。",
  wrongKey: "此密钥无法查看运行记录。", app: "应用", allApps: "全部应用", user: "用户", status: "状态", any: "不限",
  since: "时间", hour: "最近一小时", day: "最近一天", week: "最近 7 天", month: "最近 30 天", ever: "全部时间",
  began: "开始", took: "用时", tokens: "令牌", price: "费用", more: "显示更多", none: "没有符合条件的运行。",
  loading: "请稍候…", refresh: "刷新", back: "全部运行", graph: "流程图", timeline: "时间线",
  inputs: "输入", outputs: "输出", process: "过程", version: "版本", steps: "步骤",
  noGraph: "所运行的应用版本已不存在，无法显示流程图。",
  noNodes: "没有记录节点信息（storage.record）。", live: "实时：正在运行。",
  onlyMeta: "storage.record 为 full 时才记录节点的输入和输出。",
  firstToken: "首个令牌", round: "第 {n} 轮", close: "关闭", requests: "请求",
  errors: "错误", cost: "费用", latency: "总用时", p50: "中位数", p95: "95 百分位",
  half: "半数不超过此值", table: "以表格显示", at: "时间", whole: "整个时间段",
  incomplete: "请求过多：仅统计最新的部分。", nothing: "此时间段内没有活动。",
  "s:running": "运行中", "s:succeeded": "成功", "s:failed": "失败", "s:stopped": "已停止",
  "s:partial-succeeded": "部分成功", "s:paused": "等待中", "s:exception": "异常已处理", "s:retry": "已重试",
  "s:idle": "未运行", skip: "跳到内容", where: "失败位置：{node}", theme: "明暗模式", id: "运行",
};

let writing = begin();

/** The page says which language it speaks, and writes as that does. */
function begin() {
  const locale = language === "zh" ? "zh-CN" : "en-GB";
  document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
  document.title = say("title");
  return {
    moment: new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" }),
    short: new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }),
    count: new Intl.NumberFormat(locale),
  };
}

export function speak(): void {
  change();
  writing = begin();
}

export function say(name: keyof Words, values: Record<string, string | number> = {}): string {
  return filled((language === "zh" ? zh : en)[name], values);
}

export const status = (of: string) => say(`s:${of}` as keyof Words);

/** A sign for each state, so that it is not told by colour alone. */
export const SIGNS: Record<string, string> = {
  running: "▶", succeeded: "✓", failed: "✕", stopped: "■", "partial-succeeded": "◐", paused: "‖", exception: "!", retry: "↻", idle: "·",
};

export function time(seconds: number): string {
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

export const moment = (seconds: number) => writing.moment.format(seconds * 1000);
export const shortMoment = (seconds: number) => writing.short.format(seconds * 1000);
export const count = (of: number) => writing.count.format(of);

export function money(amount: string | number | null, currency: string | null): string {
  const sum = Number(amount ?? 0);
  return sum ? `${sum < 0.01 ? sum.toPrecision(2) : sum.toFixed(sum < 1 ? 4 : 2)} ${currency ?? ""}`.trim() : "";
}
