// A text of a model, drawn block by block: only what is new is drawn anew.

import { memo } from "preact/compat";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type { Token } from "marked";
import { blocks, elements } from "./markdown";

const Block = memo(
  ({ block }: { block: Token }) => {
    const place = useRef<HTMLDivElement>(null);
    useLayoutEffect(() => place.current!.replaceChildren(elements(block)), [block.raw]);
    return <div class="block" ref={place} />;
  },
  (before, after) => before.block.raw === after.block.raw,
);

export function Text({ of, class: name = "" }: { of: string; class?: string }) {
  const found = useMemo(() => blocks(of), [of]);
  return (
    <div class={`text ${name}`} dir="auto">
      {found.map((block, at) => (
        <Block key={at} block={block} />
      ))}
    </div>
  );
}
