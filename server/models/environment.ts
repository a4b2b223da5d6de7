/** Variables in which providers look for their keys and endpoints, e.g. `process.env`. */
export type ModelEnvironment = Readonly<Record<string, string | undefined>>;
