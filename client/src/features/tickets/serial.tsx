// What tells tickets of one name apart, as printed ones have it: the end of the id, which differs most.

export function Serial({ id }: { id: string }) {
  return (
    <p className="label-print text-muted">
      <abbr title="Number" className="no-underline">
        Nº
      </abbr>{' '}
      {id.slice(-6)}
    </p>
  );
}
