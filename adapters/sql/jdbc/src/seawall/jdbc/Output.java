package seawall.jdbc;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;

/**
 * Frames that leave. One is built up and sent at once.
 *
 * <p><b>Invariant.</b> Nothing is written to the channel before its frame is complete.
 */
final class Output {
    private static final int FIRST = 64 << 10;

    private final WritableByteChannel channel;
    private ByteBuffer frame = ByteBuffer.allocate(FIRST).order(ByteOrder.LITTLE_ENDIAN);

    Output(WritableByteChannel channel) {
        this.channel = channel;
    }

    Output begin(int kind) {
        frame.clear();
        frame.putInt(0).put((byte) kind);
        return this;
    }

    Output u8(int value) {
        room(1).put((byte) value);
        return this;
    }

    Output u16(int value) {
        room(2).putShort((short) value);
        return this;
    }

    Output u32(int value) {
        room(4).putInt(value);
        return this;
    }

    Output i64(long value) {
        room(8).putLong(value);
        return this;
    }

    Output raw(byte[] bytes, int length) {
        room(length).put(bytes, 0, length);
        return this;
    }

    Output text(String text) {
        byte[] bytes = (text == null ? "" : text).getBytes(StandardCharsets.UTF_8);
        return u32(bytes.length).raw(bytes, bytes.length);
    }

    void send() throws IOException {
        frame.putInt(0, frame.position() - 4);
        frame.flip();
        while (frame.hasRemaining()) {
            channel.write(frame);
        }
        if (frame.capacity() > 16 * FIRST) {
            frame = ByteBuffer.allocate(FIRST).order(ByteOrder.LITTLE_ENDIAN);
        }
    }

    private ByteBuffer room(int length) {
        if (frame.remaining() < length) {
            int size = Math.max(frame.capacity() * 2, frame.position() + length);
            ByteBuffer larger = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
            frame.flip();
            larger.put(frame);
            frame = larger;
        }
        return frame;
    }
}
