// Drawings of the buttons. They say nothing: the buttons have labels.

const PATHS = {
  add: "M12 5v14M5 12h14",
  send: "M12 19V5M6 11l6-6 6 6",
  stop: "M7 7h10v10H7z",
  clip: "M20 11.500l-8.200 8.200a5 5 0 0 1-7.100-7.100l8.500-8.500a3.300 3.300 0 0 1 4.700 4.700l-8.500 8.500a1.700 1.700 0 0 1-2.400-2.400l7.800-7.800",
  mic: "M12 3a3 3 0 0 0-3 3v6a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM5.500 11.500a6.500 6.500 0 0 0 13 0M12 18v3",
  sound: "M4 9.500v5h3.500L12 18.500v-13L7.500 9.500H4zM15.500 9a4 4 0 0 1 0 6M18 6.500a7.500 7.500 0 0 1 0 11",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  redo: "M20 5v5h-5M4 19v-5h5M18.500 9.500A7 7 0 0 0 6.300 7.600M5.500 14.500a7 7 0 0 0 12.200 1.900",
  edit: "M4 20l1-4L16.500 4.500l3 3L8 19l-4 1z",
  up: "M7 11v9H4v-9h3zm0 0l4-7c1.500 0 2.500 1 2.500 2.500V9.500H19a1.500 1.500 0 0 1 1.500 1.800l-1.300 7A2 2 0 0 1 17.200 20H7",
  down: "M7 13V4H4v9h3zm0 0l4 7c1.500 0 2.500-1 2.500-2.500v-3H19a1.500 1.500 0 0 0 1.500-1.800l-1.300-7A2 2 0 0 0 17.200 4H7",
  left: "M14.500 6l-6 6 6 6",
  right: "M9.500 6l6 6-6 6",
  bottom: "M12 5v14M6 13l6 6 6-6",
  menu: "M4 7h16M4 12h16M4 17h10",
  dots: "M6 12h.01M12 12h.01M18 12h.01",
  close: "M6 6l12 12M18 6L6 18",
  bin: "M5 7h14M10 7V4.500h4V7M7 7l.8 12.500h8.400L17 7",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.500v2M12 19.500v2M2.500 12h2M19.500 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M5.300 18.700l1.400-1.400M17.300 6.700l1.400-1.400",
  moon: "M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500z",
  half: "M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17zM12 3.500v17",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  done: "M5 12.500l4.500 4.500L19 7.500",
  page: "M5 4h14v16H5zM8.500 8.500h7M8.500 12h7M8.500 15.500h4",
};

export type Icon = keyof typeof PATHS;

export function Drawing({ of }: { of: Icon }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[of]} />
    </svg>
  );
}

export function Button(props: {
  icon: Icon;
  label: string;
  onClick?: (event: MouseEvent) => void;
  pressed?: boolean;
  disabled?: boolean;
  class?: string;
  expanded?: boolean;
}) {
  return (
    <button
      type="button"
      class={`round ${props.class ?? ""}`}
      aria-label={props.label}
      title={props.label}
      aria-pressed={props.pressed}
      aria-expanded={props.expanded}
      disabled={props.disabled}
      onClick={props.onClick}
    >
      <Drawing of={props.icon} />
    </button>
  );
}
