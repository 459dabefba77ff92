// Reading codes with the camera, where the browser can (the Barcode Detection API; Chrome on Android has it).

interface Detected {
  readonly rawValue: string;
}

interface Detector {
  detect(source: HTMLVideoElement): Promise<Detected[]>;
}

type DetectorClass = new (options: { formats: string[] }) => Detector;

const PAUSE_MS = 120;
/** The same code is not read twice in a row within this time: it is still before the camera. */
const AGAIN_MS = 2500;

function detectorClass(): DetectorClass | null {
  return (globalThis as { BarcodeDetector?: DetectorClass }).BarcodeDetector ?? null;
}

/** Whether this browser reads codes from a camera; only on pages that came over HTTPS or from this machine. */
export function canScan(): boolean {
  return detectorClass() !== null && navigator.mediaDevices !== undefined;
}

/** Reads codes that are held before `video` until `signal` is aborted. Throws where there is no camera to be had. */
export async function readCodes(video: HTMLVideoElement, onCode: (text: string) => void, signal: AbortSignal): Promise<void> {
  const Class = detectorClass();
  if (Class === null) throw new Error("no barcode detector");
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  const stop = () => stream.getTracks().forEach((track) => track.stop());
  signal.addEventListener("abort", stop);
  if (signal.aborted) return stop();
  video.srcObject = stream;
  await video.play();
  const detector = new Class({ formats: ["qr_code"] });
  let last = "";
  let lastAt = 0;
  while (!signal.aborted) {
    const codes = video.readyState >= 2 ? await detector.detect(video) : [];
    for (const { rawValue } of signal.aborted ? [] : codes) {
      const now = performance.now();
      if (rawValue === last && now - lastAt < AGAIN_MS) continue;
      [last, lastAt] = [rawValue, now];
      onCode(rawValue);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
