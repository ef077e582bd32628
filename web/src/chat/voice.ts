// Reading an answer aloud, and writing down what is said. Knows nothing of how it is shown.

import { useEffect, useRef, useState } from "preact/hooks";
import { told, type Chat } from "./chat";
import { t } from "./strings";
import type { Turn } from "./turn";

/** One answer is read at a time. */
let silence: () => void = () => undefined;

export function useAloud(chat: Chat, turn: Turn): { on: boolean; toggle: () => void } {
  const [on, setOn] = useState(false);
  const reading = useRef<AbortController | null>(null);
  const end = () => {
    reading.current?.abort();
    setOn(false);
  };
  useEffect(() => end, []);
  const begin = async () => {
    silence();
    silence = end;
    setOn(true);
    const { signal } = (reading.current = new AbortController());
    try {
      const reply = await chat.api.ask("POST", "/v1/text-to-audio", { body: { message_id: turn.id }, signal });
      const audio = new Audio(URL.createObjectURL(await reply.blob()));
      signal.addEventListener("abort", () => {
        audio.pause();
        URL.revokeObjectURL(audio.src);
      });
      audio.onended = end;
      await audio.play();
    } catch (error) {
      if (signal.aborted) return; // nobody waits for it any more
      end();
      chat.say(told(error));
    }
  };
  return { on, toggle: () => (on ? end() : void begin()) };
}

export function useListening(chat: Chat, heard: (text: string) => void): { on: boolean; toggle: () => void } {
  const [on, setOn] = useState(false);
  const recorder = useRef<MediaRecorder | null>(null);
  const begin = async () => {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      const pieces: Blob[] = [];
      const made = new MediaRecorder(stream);
      recorder.current = made;
      made.ondataavailable = (event) => pieces.push(event.data);
      made.onstop = () => {
        for (const track of stream.getTracks()) track.stop();
        setOn(false);
        void send(new Blob(pieces, { type: made.mimeType.split(";")[0]! }));
      };
      made.start();
      setOn(true);
    } catch (error) {
      chat.say(t("noMicrophone", { why: told(error) }));
    }
  };
  const send = async (recording: Blob) => {
    const form = new FormData();
    const end = recording.type.split("/")[1] ?? "webm";
    form.set("file", new File([recording], `recording.${end}`, { type: recording.type }));
    try {
      heard((await chat.api.json<{ text: string }>("POST", "/v1/audio-to-text", { form })).text);
    } catch (error) {
      chat.say(told(error));
    }
  };
  return { on, toggle: () => (on ? recorder.current?.stop() : void begin()) };
}
