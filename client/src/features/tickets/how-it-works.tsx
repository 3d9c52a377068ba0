// What a buyer lets themselves in for, for those who see it for the first time.

const STEPS = [
  [
    'You choose',
    'The ticket is held for you at once, at the price you see. Nobody else can take it meanwhile.',
  ],
  [
    'You pay',
    'By card, before the clock runs out. If you do not, nothing is charged and the ticket is on sale again.',
  ],
  ['You go', 'The ticket is yours, with a code to show at the door, on paper or on your phone.'],
] as const;

export function HowItWorks() {
  return (
    <section aria-labelledby="how-it-works" className="mt-12">
      <h2 id="how-it-works" className="text-xl">
        How it works
      </h2>
      <ol className="mt-4 grid gap-6 sm:grid-cols-3 sm:gap-8">
        {STEPS.map(([title, text], place) => (
          <li key={title} className="border-t-2 border-ink pt-3">
            <h3 className="text-lg">
              <span className="mr-2 text-muted">{place + 1}</span>
              {title}
            </h3>
            <p className="mt-1 text-muted">{text}</p>
          </li>
        ))}
      </ol>
    </section>
  );
}
