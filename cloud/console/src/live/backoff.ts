/** How long to wait before the try after `failures` failed ones, in ms: 0.5 s, doubling, at most `most_ms`. */
export function wait_ms(failures: number, most_ms: number): number {
  return Math.min(500 * 2 ** failures, most_ms);
}
