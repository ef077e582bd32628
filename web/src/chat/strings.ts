// What the page says, in English and in Chinese. Knows nothing else.

import { always, keep, kept } from "./kept";

const en = {
  loading: "One moment…",
  gone: "There is no app here.",
  goneMore: "The address is wrong, or this app has no page.",
  failed: "The page could not be opened.",
  again: "Try again",
  newChat: "New chat",
  conversations: "Conversations",
  none: "No conversations yet",
  more: "Show more",
  rename: "Rename",
  remove: "Delete",
  removeAsk: "Delete this conversation?",
  removeMore: "It cannot be brought back.",
  cancel: "Cancel",
  close: "Close",
  menu: "Conversations",
  hide: "Hide conversations",
  options: "Options of {name}",
  theme: "Appearance",
  auto: "as the system",
  light: "light",
  dark: "dark",
  language: "中文",
  demo: "The tiny demo model answers here: it makes things up. Connect a real model in parlour.toml.",
  ask: "Write a message",
  send: "Send",
  stop: "Stop",
  attach: "Add files",
  drop: "Drop the files here",
  detach: "Remove {name}",
  speak: "Speak",
  listening: "Listening. Click to end",
  noMicrophone: "The microphone cannot be used: {why}",
  aloud: "Read aloud",
  silence: "Stop reading",
  copy: "Copy",
  copied: "Copied",
  redo: "Answer anew",
  edit: "Ask differently",
  good: "Good answer",
  bad: "Bad answer",
  version: "Version {n} of {of}",
  earlier: "Earlier version",
  later: "Later version",
  answering: "Answering",
  answered: "The answer is there.",
  stopped: "Stopped",
  thought: "Thoughts",
  tool: "Used {name}",
  using: "Using {name}",
  given: "Given",
  came: "Result",
  stepsDone: "{n} steps",
  sources: "Sources",
  source: "Source",
  score: "Likeness {n}",
  remote: "Picture on {host}: open it there",
  file: "File",
  latest: "To the newest",
  start: "Before we begin",
  begin: "Start",
  run: "Run",
  yours: "What you entered",
  required: "needed",
  choose: "Choose…",
  result: "Result",
  you: "You",
  waits: "This is waiting for you",
  tooMany: "At most {n} files.",
  tooLarge: "{name} is too large.",
  notTaken: "{name}: this kind of file is not taken here.",
  offline: "The connection is lost. Trying again…",
  skip: "Skip to the message field",
  hello: "What would you like to know?",
};

type Key = keyof typeof en;

const zh: Record<Key, string> = {
  loading: "请稍候…",
  gone: "这里没有应用。",
  goneMore: "地址有误，或该应用没有页面。",
  failed: "无法打开页面。",
  again: "重试",
  newChat: "新对话",
  conversations: "对话",
  none: "还没有对话",
  more: "显示更多",
  rename: "重命名",
  remove: "删除",
  removeAsk: "删除这个对话？",
  removeMore: "删除后无法恢复。",
  cancel: "取消",
  close: "关闭",
  menu: "对话列表",
  hide: "收起对话列表",
  options: "{name} 的选项",
  theme: "外观",
  auto: "跟随系统",
  light: "浅色",
  dark: "深色",
  language: "English",
  demo: "这里由极小的演示模型回答，内容可能是编造的。请在 parlour.toml 中接入真正的模型。",
  ask: "输入消息",
  send: "发送",
  stop: "停止",
  attach: "添加文件",
  drop: "把文件拖到这里",
  detach: "移除 {name}",
  speak: "语音输入",
  listening: "正在聆听，点击结束",
  noMicrophone: "无法使用麦克风：{why}",
  aloud: "朗读",
  silence: "停止朗读",
  copy: "复制",
  copied: "已复制",
  redo: "重新回答",
  edit: "换个问法",
  good: "回答得好",
  bad: "回答得不好",
  version: "第 {n} 个版本，共 {of} 个",
  earlier: "上一个版本",
  later: "下一个版本",
  answering: "正在回答",
  answered: "回答完毕。",
  stopped: "已停止",
  thought: "思考",
  tool: "使用了 {name}",
  using: "正在使用 {name}",
  given: "输入",
  came: "结果",
  stepsDone: "{n} 个步骤",
  sources: "来源",
  source: "来源",
  score: "相似度 {n}",
  remote: "{host} 上的图片：在新页面打开",
  file: "文件",
  latest: "回到最新",
  start: "开始之前",
  begin: "开始",
  run: "运行",
  yours: "你填写的内容",
  required: "必填",
  choose: "请选择…",
  result: "结果",
  you: "你",
  waits: "等待你的回复",
  tooMany: "最多 {n} 个文件。",
  tooLarge: "{name} 太大了。",
  notTaken: "{name}：不接受这种文件。",
  offline: "连接中断，正在重试…",
  skip: "跳到输入框",
  hello: "你想了解什么？",
};

const KEPT = "parlour:language";

function chosen(): "en" | "zh" {
  const before = kept(KEPT, always);
  if (before === "en" || before === "zh") return before;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export let language = chosen();

export function speak(other: "en" | "zh"): void {
  language = other;
  keep(KEPT, other, always);
  mark();
}

/** The page says which language it speaks. */
export function mark(): void {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
}

export function t(key: Key, values: Record<string, string | number> = {}): string {
  const text = language === "zh" ? zh[key] : en[key];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
