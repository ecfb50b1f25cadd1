/** What is used of JupyterLab, as it names it. */

export interface Signal<T> {
  connect(slot: (kernel: unknown, value: T) => void): void;
  disconnect(slot: (kernel: unknown, value: T) => void): void;
}

export interface Heard {
  direction: "send" | "recv";
  msg: { header: { session: string } };
}

/** A message of the kernel to a widget. */
interface WidgetMessage {
  content: { data: { method: string } };
}

/** A widget's model, as ipywidgets and not as anywidget has it. */
export interface LabModel {
  comm?: { on_msg(act: (message: WidgetMessage) => void): void; send(data: { method: string }): unknown };
  _handle_comm_msg?(message: WidgetMessage): Promise<void>;
}

export interface LabManager {
  get_model?(id: string): Promise<unknown>;
  kernel: {
    statusChanged?: Signal<string>;
    anyMessage?: Signal<Heard>;
    requestKernelInfo?(): Promise<unknown>;
    interrupt?(): Promise<void>;
    createComm?(target: string): { open(data: unknown): unknown; subshellStarted?: Promise<void> };
    supportsSubshells?: boolean;
    commsOverSubshells?: string;
    clientId?: string;
  } | null;
}
