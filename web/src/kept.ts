// What a browser keeps for the page; nothing, where it keeps nothing (a page within another site's may not).

export function kept(name: string, place: () => Storage): string | null {
  try {
    return place().getItem(name);
  } catch {
    return null;
  }
}

export function keep(name: string, value: string, place: () => Storage): void {
  try {
    place().setItem(name, value);
  } catch {
    // then it is forgotten
  }
}

export const always = () => localStorage;
export const thisTab = () => sessionStorage;
