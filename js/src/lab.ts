/** What is used of JupyterLab, as it names it. */

export interface Signal<T> {
  connect(slot: (kernel: unknown, value: T) => void): void;
  disconnect(slot: (kernel: unknown, value: T) => void): void;
}

export interface Heard {
  direction: "send" | "recv";
  msg: { header: { session: string } };
}

export interface LabManager {
  kernel: {
    statusChanged?: Signal<string>;
    anyMessage?: Signal<Heard>;
    requestKernelInfo?(): Promise<unknown>;
    commsOverSubshells?: string;
  } | null;
}
