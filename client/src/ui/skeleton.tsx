// The shape of what is about to come.

export function Skeleton({ className = '' }: { className?: string }) {
  return (
    <span
      aria-hidden="true"
      className={`block animate-[pulse-soft_1.6s_ease-in-out_infinite] rounded-md bg-line ${className}`}
    />
  );
}
