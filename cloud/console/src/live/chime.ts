import { readonly, ref } from "vue";

const KEPT = "sealtrail.sound";

let context: AudioContext | null = null;
const silenced = ref(false);

/** The browser lets nothing be heard until somebody clicks on the page. */
export const soundBlocked = readonly(silenced);

export function soundWanted(): boolean {
  return localStorage.getItem(KEPT) === "on";
}

/** Remembers whether there is to be sound; called by a click, which lets the browser play it at all. */
export function wantSound(wanted: boolean): void {
  localStorage.setItem(KEPT, wanted ? "on" : "off");
  if (wanted) chime();
}

/** Two falling notes, a quarter of a second. */
export function chime(): void {
  play([784, 523], 0.14);
}

const TONES = { critical: [988, 740, 988, 740, 988], major: [784, 988, 784], warning: [660, 784], info: [660] };

/** What an alarm sounds like: the worse, the longer and higher. */
export function alarmTone(severity: keyof typeof TONES): void {
  play(TONES[severity], 0.18);
}

/** Falling, long: nothing is heard of the server any more. */
export function lossTone(): void {
  play([523, 440, 349, 262], 0.22);
}

/** Asks the browser whether it would let anything be heard now. */
export async function trySound(): Promise<void> {
  context ??= new AudioContext();
  context.onstatechange = () => (silenced.value = context?.state !== "running");
  silenced.value = context.state !== "running";
  if (silenced.value) await context.resume();
}

function play(frequencies: readonly number[], apart_s: number): void {
  void trySound();
  if (context === null) return;
  const start = context.currentTime;
  for (const [number, frequency] of frequencies.entries()) {
    const note = context.createOscillator();
    const loudness = context.createGain();
    const from = start + number * apart_s;
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
