import { onUnmounted, shallowRef } from "vue";

import { type Connection, follow } from "../live/stream";
import { sessionEnded } from "../router";
import { person } from "../session";

const TOGETHER_MS = 200; // what comes with one commit is looked at once
const HERE = ["override", "alarm", "picture"];

/** Calls `look` once the line is there, and then whenever something happened at `site` that the supervisor's pages show. */
export function useNews(look: () => void, site: string | null = null) {
  const connection = shallowRef<Connection>({ state: "connecting", since: new Date() });
  let timer: ReturnType<typeof setTimeout> | undefined;

  function soon(): void {
    clearTimeout(timer);
    timer = setTimeout(look, TOGETHER_MS);
  }

  const end = follow(site ?? person.value?.site ?? "", null, {
    onEvent: (kind) => HERE.includes(kind) && soon(),
    onConnection: (state) => {
      if (state === "live") soon(); // whatever happened before it was there
      if (state !== connection.value.state) connection.value = { state, since: new Date() };
    },
    onSignedOut: sessionEnded,
  });

  onUnmounted(() => {
    clearTimeout(timer);
    end();
  });
  return connection;
}
