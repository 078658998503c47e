// The plain Leptos client, which build.mjs builds: leptos-plain/src/lib.rs.

export default function init(): Promise<unknown>;
export function mount(url: string): void;

/** Returns how many messages were received. */
export function taken(): number;
