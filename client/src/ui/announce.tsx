// What is said to those who do not see it happen.

/** Reads `message` out whenever it becomes another one. It has to be on the page before there is something to say. */
export function Announce({ message }: { message: string }) {
  return (
    <p role="status" aria-live="polite" className="sr-only">
      {message}
    </p>
  );
}
