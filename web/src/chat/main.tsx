import { render } from "preact";
render(<p>Soon.</p>, document.getElementById("page")!);
