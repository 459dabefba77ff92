/** The version of the console, from its package.json. */
declare const __APP_VERSION__: string;
