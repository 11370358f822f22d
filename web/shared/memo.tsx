// A component that is drawn again only when one of its properties changes.
import { Component, type ComponentType } from "preact";

export function memo<Props extends object>(Inner: ComponentType<Props>): ComponentType<Props> {
  return class extends Component<Props> {
    override shouldComponentUpdate(next: Props): boolean {
      return !sameProps(this.props as Props, next);
    }

    override render() {
      return <Inner {...(this.props as Props)} />;
    }
  };
}

function sameProps(one: object, other: object): boolean {
  const left = Object.entries(one);
  const right = other as Record<string, unknown>;
  return (
    left.length === Object.keys(other).length &&
    left.every(([key, value]) => Object.is(value, right[key]))
  );
}
