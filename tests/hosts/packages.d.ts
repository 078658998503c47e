// What the hosts import from packages that are installed only when they are built (package.json
// here).

declare module "react-dom" {
  import type { ReactNode } from "react";
  /** React 16 and 17. */
  const ReactDOM: {
    render(node: ReactNode, place: Element): void;
    unmountComponentAtNode(place: Element): boolean;
  };
  export = ReactDOM;
}

declare module "react-dom/client" {
  import type { ReactNode } from "react";
  /** React 18 and newer. */
  export function createRoot(place: Element): { render(node: ReactNode): void; unmount(): void };
}

declare module "react-dom/test-utils" {
  export function act(action: () => void): void;
}

declare module "redux" {
  export interface Store<State = unknown, Action = unknown> {
    getState(): State;
    dispatch(action: Action): Action;
  }
  export function createStore<State, Action>(
    reduce: (state: State, action: Action) => State,
    initial: State,
  ): Store<State, Action>;
}

declare module "react-redux" {
  import type { ReactElement, ReactNode } from "react";
  import type { Store } from "redux";
  export function Provider<State, Action>(props: {
    store: Store<State, Action>;
    children?: ReactNode;
  }): ReactElement;
  export function useSelector<State, Selected>(select: (state: State) => Selected): Selected;
  export function useDispatch(): (action: unknown) => void;
  export function useStore<State, Action>(): Store<State, Action>;
}

declare module "@innovaccer/design-system" {
  import type { FunctionComponent, ReactNode } from "react";
  type Component<Props> = FunctionComponent<Props & { children?: ReactNode; className?: string }>;
  export const Button: Component<{ icon: string; onClick(): void }>;
  export const Dropdown: Component<{
    options: { label: string; value: string; selected: boolean }[];
    onChange(value: string): void;
  }>;
  export const Heading: Component<{ size: "s" | "l" }>;
  export const Label: Component<object>;
  export const StatusHint: Component<{ appearance: string }>;
  export const Table: Component<{
    data: object[];
    loading: boolean;
    schema: object[];
    size: string;
    showMenu: boolean;
  }>;
  export const Text: Component<{ appearance: string }>;
}

declare module "vitest" {
  export const { test, expect, beforeEach, afterEach }: TestFunctions;
}

declare module "vitest/config" {
  export function defineConfig(config: object): object;
}

declare module "*.css" {}

/** Globals of Jest. */
declare const { test, expect, beforeEach, afterEach }: TestFunctions;

/** Tells React that tests use `act`. */
declare var IS_REACT_ACT_ENVIRONMENT: boolean;

/** What Jest and Vitest have in common, as far as host-tests uses it. */
interface TestFunctions {
  test(name: string, run: () => Promise<void>): void;
  beforeEach(run: () => void): void;
  afterEach(run: () => void): void;
  expect(actual: unknown): {
    toBe(expected: unknown): void;
    toEqual(expected: unknown): void;
    toMatch(expected: RegExp): void;
    toMatchObject(expected: object): void;
  };
}
