/** The fields of a form as text. */

export function fieldsOf(event: SubmitEvent): (name: string) => string {
  event.preventDefault();
  const form = event.currentTarget instanceof HTMLFormElement ? new FormData(event.currentTarget) : undefined;
  return (name) => {
    const value = form?.get(name);
    return typeof value === 'string' ? value.trim() : '';
  };
}
