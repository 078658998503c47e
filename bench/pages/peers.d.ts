// What the pages of the peers import from packages that are installed only for a benchmark
// (bench/package.json).

declare module "react-dom/client" {
  import type { ReactNode } from "react";
  export function createRoot(place: Element): { render(node: ReactNode): void };
}

declare module "@patternfly/react-log-viewer" {
  import type { FunctionComponent, Ref } from "react";
  export const LogViewer: FunctionComponent<{
    data: string[];
    height: number;
    hasLineNumbers: boolean;
    scrollToRow: number;
    innerRef: Ref<{ scrollToBottom(): void }>;
  }>;
}

declare module "@patternfly/react-core/dist/styles/base.css" {}

declare module "@melloware/react-logviewer" {
  import type { FunctionComponent } from "react";
  export const LazyLog: FunctionComponent<{
    url: string;
    eventsource: boolean;
    eventsourceOptions: { formatMessage(text: string): string };
    follow: boolean;
    height: number;
    width: number;
  }>;
}

declare module "eventsource-parser" {
  export interface EventSourceParser {
    feed(chunk: string): void;
  }
  export function createParser(callbacks: {
    onEvent(event: { event?: string; data: string }): void;
  }): EventSourceParser;
}
