/** The examples read `event.target.value` without a cast, as JavaScript does. */
interface EventTarget {
  // biome-ignore lint/suspicious/noExplicitAny: a number for some elements, a string for others
  value?: any;
}
