// What the page says, in English and in Chinese, and how it writes numbers. Knows nothing else.

import { change, language, speaking, type Words } from "../language";

const WORDS = {
  title: ["Runs", "运行记录"],
  runs: ["Runs", "运行记录"],
  dashboard: ["Dashboard", "仪表盘"],
  signIn: ["Sign in", "登录"],
  signOut: ["Sign out", "退出"],
  key: ["Operator's key", "管理员密钥"],
  keyMore: ["Make one with: parlour keys create --admin. It is kept for this tab only.", "用 parlour keys create --admin 创建。仅在此标签页内保存。"],
  wrongKey: ["This key does not open the runs.", "此密钥无法查看运行记录。"],
  app: ["App", "应用"],
  allApps: ["All apps", "全部应用"],
  user: ["User", "用户"],
  status: ["Status", "状态"],
  any: ["Any", "不限"],
  since: ["Since", "时间"],
  hour: ["Last hour", "最近一小时"],
  day: ["Last day", "最近一天"],
  week: ["Last 7 days", "最近 7 天"],
  month: ["Last 30 days", "最近 30 天"],
  ever: ["All time", "全部时间"],
  began: ["Began", "开始"],
  took: ["Took", "用时"],
  tokens: ["Tokens", "令牌"],
  price: ["Price", "费用"],
  more: ["Show more", "显示更多"],
  none: ["No runs fit.", "没有符合条件的运行。"],
  loading: ["One moment…", "请稍候…"],
  refresh: ["Refresh", "刷新"],
  back: ["All runs", "全部运行"],
  graph: ["Graph", "流程图"],
  timeline: ["Timeline", "时间线"],
  inputs: ["Inputs", "输入"],
  outputs: ["Outputs", "输出"],
  process: ["Process", "过程"],
  version: ["Version", "版本"],
  steps: ["Steps", "步骤"],
  noGraph: ["The version of the app that ran is no longer known: there is no picture of its graph.", "所运行的应用版本已不存在，无法显示流程图。"],
  noNodes: ["Nothing was recorded of its nodes (storage.record).", "没有记录节点信息（storage.record）。"],
  live: ["Live: the run goes on.", "实时：正在运行。"],
  onlyMeta: ["Inputs and outputs of nodes are recorded where storage.record says full.", "storage.record 为 full 时才记录节点的输入和输出。"],
  firstToken: ["Time to the first word", "到首个词的时间"],
  round: ["Round {n}", "第 {n} 轮"],
  close: ["Close", "关闭"],
  requests: ["Requests", "请求"],
  errors: ["Errors", "错误"],
  cost: ["Cost", "费用"],
  latency: ["Time to the whole answer", "到完整回答的时间"],
  p50: ["median", "中位数"],
  p95: ["95th percentile", "95 百分位"],
  half: ["median", "中位数"],
  table: ["As a table", "以表格显示"],
  at: ["At", "时间"],
  whole: ["The whole time", "整个时间段"],
  incomplete: ["There are very many requests: times are told from an even sample of them. All else counts every one.", "请求过多：时间取自均匀抽样，其余数据统计全部请求。"],
  nothing: ["Nothing happened in this time.", "此时间段内没有活动。"],
  "s:running": ["running", "运行中"],
  "s:succeeded": ["succeeded", "成功"],
  "s:failed": ["failed", "失败"],
  "s:stopped": ["stopped", "已停止"],
  "s:partial-succeeded": ["succeeded in part", "部分成功"],
  "s:paused": ["waits", "等待中"],
  "s:exception": ["failed, caught", "异常已处理"],
  "s:retry": ["tried again", "已重试"],
  "s:idle": ["did not run", "未运行"],
  skip: ["To the content", "跳到内容"],
  where: ["Where it failed: {node}", "失败位置：{node}"],
  theme: ["Light or dark", "明暗模式"],
  id: ["Run", "运行"],
  sooner: ["First word", "首个词"],
  question: ["Question", "问题"],
  answer: ["Answer", "回答"],
  noAnswer: ["Nothing was said.", "没有任何回答。"],
  calls: ["Models and tools", "模型与工具"],
  noCalls: ["No model is recorded for this answer.", "此运行没有模型调用记录。"],
  thoughts: ["Steps of the agent", "智能体的步骤"],
  onlyMetaThoughts: ["What it thought, and what its tools were asked and told, is shown where storage.record says full.", "storage.record 为 full 时才显示思考内容以及工具的输入和结果。"],
  step: ["Step {n}", "第 {n} 步"],
  given: ["Given", "输入"],
  came: ["Result", "结果"],
  sources: ["Sources", "来源"],
  source: ["Source", "来源"],
  score: ["Likeness {n}", "相似度 {n}"],
  files: ["Files", "文件"],
  used: ["Used {name}", "使用了 {name}"],
  answered: ["Answered", "作出回答"],
} satisfies Words;

export const say = speaking(WORDS);

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

export const status = (of: string) => say(`s:${of}` as keyof typeof WORDS);

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
