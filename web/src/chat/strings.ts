// What the page says, in English and in Chinese. Knows nothing else.

import { change, language, speaking, type Words } from "../language";

const WORDS = {
  loading: ["One moment…", "请稍候…"],
  gone: ["There is no app here.", "这里没有应用。"],
  goneMore: ["The address is wrong, or this app has no page.", "地址有误，或该应用没有页面。"],
  failed: ["The page could not be opened.", "无法打开页面。"],
  again: ["Try again", "重试"],
  newChat: ["New chat", "新对话"],
  conversations: ["Conversations", "对话"],
  none: ["No conversations yet", "还没有对话"],
  more: ["Show more", "显示更多"],
  rename: ["Rename", "重命名"],
  remove: ["Delete", "删除"],
  removeAsk: ["Delete this conversation?", "删除这个对话？"],
  removeMore: ["It cannot be brought back.", "删除后无法恢复。"],
  cancel: ["Cancel", "取消"],
  close: ["Close", "关闭"],
  menu: ["Conversations", "对话列表"],
  hide: ["Hide conversations", "收起对话列表"],
  options: ["Options of {name}", "{name} 的选项"],
  theme: ["Appearance", "外观"],
  auto: ["as the system", "跟随系统"],
  light: ["light", "浅色"],
  dark: ["dark", "深色"],
  language: ["中文", "English"],
  demo: ["The tiny demo model answers here: it makes things up. Connect a real model in parlour.toml.", "这里由极小的演示模型回答，内容可能是编造的。请在 parlour.toml 中接入真正的模型。"],
  ask: ["Write a message", "输入消息"],
  send: ["Send", "发送"],
  stop: ["Stop", "停止"],
  attach: ["Add files", "添加文件"],
  drop: ["Drop the files here", "把文件拖到这里"],
  detach: ["Remove {name}", "移除 {name}"],
  speak: ["Speak", "语音输入"],
  listening: ["Listening. Click to end", "正在聆听，点击结束"],
  noMicrophone: ["The microphone cannot be used: {why}", "无法使用麦克风：{why}"],
  aloud: ["Read aloud", "朗读"],
  silence: ["Stop reading", "停止朗读"],
  copy: ["Copy", "复制"],
  copied: ["Copied", "已复制"],
  redo: ["Answer anew", "重新回答"],
  edit: ["Ask differently", "换个问法"],
  good: ["Good answer", "回答得好"],
  bad: ["Bad answer", "回答得不好"],
  version: ["Version {n} of {of}", "第 {n} 个版本，共 {of} 个"],
  earlier: ["Earlier version", "上一个版本"],
  later: ["Later version", "下一个版本"],
  answering: ["Answering", "正在回答"],
  answered: ["The answer is there.", "回答完毕。"],
  stopped: ["Stopped", "已停止"],
  thought: ["Thoughts", "思考"],
  tool: ["Used {name}", "使用了 {name}"],
  using: ["Using {name}", "正在使用 {name}"],
  given: ["Given", "输入"],
  came: ["Result", "结果"],
  stepsDone: ["{n} steps", "{n} 个步骤"],
  sources: ["Sources", "来源"],
  source: ["Source", "来源"],
  score: ["Likeness {n}", "相似度 {n}"],
  remote: ["Picture on {host}, not shown: open it there", "{host} 上的图片未显示：在新页面打开"],
  file: ["File", "文件"],
  latest: ["To the newest", "回到最新"],
  start: ["Before we begin", "开始之前"],
  begin: ["Start", "开始"],
  run: ["Run", "运行"],
  yours: ["What you entered", "你填写的内容"],
  required: ["required", "必填"],
  choose: ["Choose…", "请选择…"],
  result: ["Result", "结果"],
  you: ["You", "你"],
  waits: ["This is waiting for you", "等待你的回复"],
  tooMany: ["At most {n} files.", "最多 {n} 个文件。"],
  tooLarge: ["{name} is too large.", "{name} 太大了。"],
  notTaken: ["{name}: this kind of file is not taken here.", "{name}：不接受这种文件。"],
  offline: ["The connection is lost. Trying again…", "连接中断，正在重试…"],
  skip: ["Skip to the message field", "跳到输入框"],
  hello: ["What would you like to know?", "你想了解什么？"],
} satisfies Words;

export const t = speaking(WORDS);

export function speak(): void {
  change();
  mark();
}

/** The page says which language it speaks. */
export function mark(): void {
  document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
}
