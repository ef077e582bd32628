// Lines over time, one for each app, told apart by colour, dash and name; sums as bars on top of each other. Knows no
// figures.

import { count, say, shortMoment } from "./said";

export interface Line { name: string; values: (number | null)[] }

const WIDTH = 520, HEIGHT = 170, LEFT = 64, BOTTOM = 22, TOP = 10, RIGHT = 8;

interface Given { title: string; times: number[]; lines: Line[]; write: (value: number) => string; bad?: boolean; sums?: boolean }

export function Chart({ title, times, lines, write, bad, sums }: Given) {
  const highest = (line: Line) => Math.max(0, ...line.values.map((value) => value ?? 0));
  const most = sums ? Math.max(0, ...times.map((_, place) => below(lines, lines.length, place))) : Math.max(0, ...lines.map(highest));
  const top = round(most);
  const x = (place: number) => LEFT + (times.length > 1 ? (place / (times.length - 1)) * (WIDTH - LEFT - RIGHT) : 0);
  const y = (value: number) => TOP + (1 - value / top) * (HEIGHT - TOP - BOTTOM);
  const marks = most ? [0, top / 2, top].filter((mark) => write !== count || Number.isInteger(mark)) : [0];
  const wide = (WIDTH - LEFT - RIGHT) / times.length;
  const ends = [0, times.length - 1];
  return (
    <figure class={bad && most ? "chart card bad" : "chart card"}>
      <figcaption>{title}</figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${title}: ${lines.map((line) => `${line.name} ${write(highest(line))}`).join(", ")}`}>
        {marks.map((value) => (
          <g key={value}>
            <line class="grid" x1={LEFT} x2={WIDTH - RIGHT} y1={y(value)} y2={y(value)} />
            <text class="tick" x={LEFT - 6} y={y(value) + 4} text-anchor="end">{write(value)}</text>
          </g>
        ))}
        {ends.map((place, end) => (
          <text key={end} class="tick" x={x(place)} y={HEIGHT - 5} text-anchor={end ? "end" : "start"}>{shortMoment(times[place]!)}</text>
        ))}
        {sums && lines.map((line, number) => (
          <g key={line.name} class={`bars bars-${number}`}>
            {line.values.map((value, place) => (
              value ? <rect key={place} x={LEFT + place * wide + wide * 0.12} y={y(below(lines, number + 1, place))} width={wide * 0.76} height={y(0) - y(value)} rx={Math.min(2, wide / 6)} /> : null
            ))}
          </g>
        ))}
        {!sums && lines.map((line, number) => (
          <g key={line.name} class={`line line-${number}`}>
            <path d={path(line.values, x, y)} />
            {line.values.map((value, place) => (value !== null && alone(line.values, place) ? <circle key={place} cx={x(place)} cy={y(value)} r={2.5} /> : null))}
          </g>
        ))}
      </svg>
      {lines.length > 1 && (
        <ul class="legend">
          {lines.map((line, number) => (
            <li key={line.name}>
              <svg width="26" height="10" aria-hidden="true" class={sums ? `bars bars-${number}` : `line line-${number}`}>{sums ? <rect x="6" y="0" width="12" height="10" rx="2" /> : <path d="M 1 5 H 25" />}</svg> {line.name}
            </li>
          ))}
        </ul>
      )}
      <details>
        <summary>{say("table")}</summary>
        <div class="wide" tabIndex={0} role="region" aria-label={title}>
          <table>
            <thead><tr><th scope="col">{say("at")}</th>{lines.map((line) => <th scope="col" key={line.name}>{line.name}</th>)}</tr></thead>
            <tbody>
              {times.map((moment, place) => (
                lines.some((line) => line.values[place]) ? (
                  <tr key={moment}>
                    <th scope="row">{shortMoment(moment)}</th>
                    {lines.map((line) => <td key={line.name}>{line.values[place] == null ? "" : write(line.values[place])}</td>)}
                  </tr>
                ) : null
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}

/** The sum of the first lines at a place: on it stands what is next. */
const below = (lines: Line[], number: number, place: number) => lines.slice(0, number).reduce((sum, line) => sum + (line.values[place] ?? 0), 0);

/** The next number of which a half reads well. */
function round(most: number): number {
  if (!most) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 4, 6, 8, 10].find((one) => one * power >= most - 1e-12)! * power;
}

/** A point without a neighbour is no line. */
const alone = (values: (number | null)[], place: number) => (values[place - 1] ?? null) === null && (values[place + 1] ?? null) === null;

function path(values: (number | null)[], x: (place: number) => number, y: (value: number) => number): string {
  let drawn = "", open = false;
  values.forEach((value, place) => {
    if (value === null) open = false;
    else {
      drawn += `${open ? "L" : "M"} ${x(place).toFixed(1)} ${y(value).toFixed(1)} `;
      open = true;
    }
  });
  return drawn;
}
