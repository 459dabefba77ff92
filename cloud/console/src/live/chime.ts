const KEPT = "sealtrail.sound";

let context: AudioContext | null = null;

export function soundWanted(): boolean {
  return localStorage.getItem(KEPT) === "on";
}

/** Remembers whether refusals are to be heard; called by a click, which lets the browser play sound at all. */
export function wantSound(wanted: boolean): void {
  localStorage.setItem(KEPT, wanted ? "on" : "off");
  if (wanted) chime();
}

/** Two falling notes, a quarter of a second. */
export function chime(): void {
  context ??= new AudioContext();
  void context.resume();
  const start = context.currentTime;
  for (const [number, frequency] of [784, 523].entries()) {
    const note = context.createOscillator();
    const loudness = context.createGain();
    const from = start + number * 0.14;
    note.type = "triangle";
    note.frequency.value = frequency;
    loudness.gain.setValueAtTime(0, from);
    loudness.gain.linearRampToValueAtTime(0.22, from + 0.01);
    loudness.gain.exponentialRampToValueAtTime(0.001, from + 0.24);
    note.connect(loudness).connect(context.destination);
    note.start(from);
    note.stop(from + 0.25);
  }
}
