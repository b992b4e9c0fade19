package seawall.jdbc;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;

/**
 * Frames that leave. One is built up and sent at once, or goes piece by piece where its length is known before.
 *
 * <p><b>Invariant.</b> Nothing is written to the channel before all that its frame will hold is there.
 */
final class Output {
    private static final int WINDOW = 128 << 10;

    private final WritableByteChannel channel;
    /** Outside of the heap, so that the channel takes it as it is. */
    private final ByteBuffer window = ByteBuffer.allocateDirect(WINDOW).order(ByteOrder.LITTLE_ENDIAN);
    /** The window, or what a frame has outgrown it to. */
    private ByteBuffer frame = window;
    /** The length stands in the frame already. */
    private boolean sized;

    Output(WritableByteChannel channel) {
        this.channel = channel;
    }

    Output begin(int kind) {
        sized = false;
        frame = window.clear();
        frame.putInt(0).put((byte) kind);
        return this;
    }

    /** Begins a frame of so many bytes behind its kind, none of which can be refused any more. */
    Output begin(int kind, int length) {
        sized = true;
        frame = window.clear();
        frame.putInt(length + 1).put((byte) kind);
        return this;
    }

    Output u8(int value) throws IOException {
        room(1).put((byte) value);
        return this;
    }

    Output u16(int value) throws IOException {
        room(2).putShort((short) value);
        return this;
    }

    Output u32(int value) throws IOException {
        room(4).putInt(value);
        return this;
    }

    Output i64(long value) throws IOException {
        room(8).putLong(value);
        return this;
    }

    Output raw(byte[] bytes, int length) throws IOException {
        for (int done = 0; done < length;) {
            int count = some(1, length - done);
            frame.put(bytes, done, count);
            done += count;
        }
        return this;
    }

    Output ints(int[] values, int length) throws IOException {
        for (int done = 0; done < length;) {
            int count = some(4, length - done);
            frame.asIntBuffer().put(values, done, count);
            frame.position(frame.position() + count * 4);
            done += count;
        }
        return this;
    }

    Output longs(long[] values, int length) throws IOException {
        for (int done = 0; done < length;) {
            int count = some(8, length - done);
            frame.asLongBuffer().put(values, done, count);
            frame.position(frame.position() + count * 8);
            done += count;
        }
        return this;
    }

    Output text(String text) throws IOException {
        byte[] bytes = (text == null ? "" : text).getBytes(StandardCharsets.UTF_8);
        return u32(bytes.length).raw(bytes, bytes.length);
    }

    void send() throws IOException {
        if (!sized) {
            frame.putInt(0, frame.position() - 4);
        }
        flush();
        frame = window;
    }

    private void flush() throws IOException {
        frame.flip();
        while (frame.hasRemaining()) {
            channel.write(frame);
        }
        frame.clear();
    }

    /** Makes room for as many values of a size as fit, and returns how many of the wanted ones do: at least one. */
    private int some(int size, int wanted) throws IOException {
        if (!sized) {
            room(size * wanted);
        }
        return Math.min(wanted, room(size).remaining() / size);
    }

    private ByteBuffer room(int length) throws IOException {
        if (frame.remaining() < length) {
            if (sized) {
                flush();
            } else {
                int size = Math.max(frame.capacity() * 2, frame.position() + length);
                frame = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN).put(frame.flip());
            }
        }
        return frame;
    }
}
