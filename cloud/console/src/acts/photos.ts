// Photographs taken at the desk: made small enough for a phone's uplink, sent before the step that names them.

import { address, unauthorized } from "../api/client";
import { OFFLINE, Problem, problemIn } from "../api/problem";

const LONGEST_PX = 1600;
const QUALITY = 0.85;

/** The picture in `file` as JPEG, upright, its longer side at most LONGEST_PX. Throws Problem where it is none that this browser reads. */
export async function shrink(file: Blob): Promise<Blob> {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => {
    throw new Problem(0, "unreadable_picture"); // a PDF, a HEIC outside Safari, a broken PNG
  });
  const scale = Math.min(1, LONGEST_PX / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const small = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  if (small === null) throw new Error("the browser makes no JPEG");
  return small;
}

/** Sends a JPEG; `onPart` hears which part of it has gone (0 to 1). Returns its SHA-256. Throws Problem. */
export function send(photo: Blob, onPart: (part: number) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch tells nothing of what has gone up
    request.open("POST", address("/api/v1/photos"));
    request.setRequestHeader("Content-Type", "image/jpeg");
    request.setRequestHeader("X-Sealtrail", "1");
    request.upload.onprogress = (event) => event.lengthComputable && onPart(event.loaded / event.total);
    request.onerror = () => reject(new Problem(0, OFFLINE));
    request.onload = () => {
      if (request.status === 201) return resolve((JSON.parse(request.responseText) as { sha256: string }).sha256);
      if (request.status === 401) unauthorized.dispatchEvent(new Event("answer"));
      const headers = { "content-type": request.getResponseHeader("content-type") ?? "" };
      void problemIn(new Response(request.responseText, { status: request.status || 500, headers })).then(reject);
    };
    request.send(photo);
  });
}
