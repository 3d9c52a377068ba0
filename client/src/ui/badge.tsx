// A word on how something stands.

type Tone = 'plain' | 'note' | 'good' | 'bad';

const TONES: Record<Tone, string> = {
  plain: 'bg-raised text-muted inset-ring inset-ring-line',
  note: 'bg-accent text-on-accent',
  good: 'bg-good-soft text-good',
  bad: 'bg-bad-soft text-bad',
};

export function Badge({ tone = 'plain', children }: { tone?: Tone; children: string }) {
  return (
    <span className={`inline-block rounded-md px-2 py-1 label-print whitespace-nowrap ${TONES[tone]}`}>
      {children}
    </span>
  );
}
