// What the server replies: a refusal as a `Problem`, a stream as its events. Does not know what was asked.

export class Problem extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

export async function problem(reply: Response): Promise<Problem> {
  const told = (await reply.json().catch(() => ({}))) as { message?: string };
  return new Problem(reply.status, told.message ?? reply.statusText);
}

/** The events of a reply; pings have no data. */
export async function* frames<Event>(reply: Response): AsyncGenerator<Event> {
  const reader = reply.body!.pipeThrough(new TextDecoderStream()).getReader();
  let kept = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (kept + value).split("\n\n");
      kept = blocks.pop()!;
      for (const block of blocks) if (block.startsWith("data: ")) yield JSON.parse(block.slice(6)) as Event;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
