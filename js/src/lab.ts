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
    interrupt?(): Promise<void>;
    createComm?(target: string): { open(data: unknown): unknown; subshellStarted?: Promise<void> };
    supportsSubshells?: boolean;
    commsOverSubshells?: string;
  } | null;
}
