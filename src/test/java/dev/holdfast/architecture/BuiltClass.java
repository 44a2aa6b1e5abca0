package dev.holdfast.architecture;

import dev.holdfast.base.Checks;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Opcode;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.MemberRefEntry;
import java.lang.classfile.constantpool.MethodTypeEntry;
import java.lang.classfile.constantpool.NameAndTypeEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.instruction.MonitorInstruction;
import java.lang.reflect.AccessFlag;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * One compiled class and everything it refers to: types by their full names, members as {@code owner#name}, with the
 * descriptor behind it. Compile-time constants leave no trace here: {@link ArchitectureTest} reads imports for them.
 */
record BuiltClass(String name, SortedSet<String> types, SortedSet<String> members, boolean locks) {
    private static final Pattern TYPE_IN_DESCRIPTOR = Pattern.compile("L([\\w/$]+)[;<]");

    /** Every class of the main code, in the order of their names. */
    static List<BuiltClass> all() {
        try {
            Path root = Path.of(Checks.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            List<BuiltClass> classes = new ArrayList<>();
            try (Stream<Path> paths = Files.walk(root)) {
                for (Path path : paths.filter(path -> path.toString().endsWith(".class"))
                        .sorted()
                        .toList()) {
                    classes.add(read(Files.readAllBytes(path)));
                }
            }
            return classes;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    static BuiltClass of(Class<?> type) throws IOException {
        try (InputStream bytes = type.getResourceAsStream("/" + type.getName().replace('.', '/') + ".class")) {
            return read(bytes.readAllBytes());
        }
    }

    private static BuiltClass read(byte[] bytes) {
        ClassModel model = ClassFile.of().parse(bytes);
        SortedSet<String> types = new TreeSet<>();
        SortedSet<String> members = new TreeSet<>();
        for (PoolEntry entry : model.constantPool()) {
            switch (entry) {
                case ClassEntry type -> addType(type.asInternalName(), types);
                case NameAndTypeEntry member -> addDescriptor(member.type().stringValue(), types);
                case MethodTypeEntry type -> addDescriptor(type.descriptor().stringValue(), types);
                case MemberRefEntry member -> members.add(memberName(member));
                default -> {}
            }
        }
        model.fields().forEach(field -> addDescriptor(field.fieldType().stringValue(), types));
        model.methods().forEach(method -> addDescriptor(method.methodType().stringValue(), types));
        addSignatures(model, types);
        return new BuiltClass(dots(model.thisClass().asInternalName()), types, members, locks(model));
    }

    /** The package without {@code dev.holdfast.}, as the table of the architecture spells it. */
    String packageName() {
        return SourceFile.shortName(name.substring(0, name.lastIndexOf('.')));
    }

    private static String memberName(MemberRefEntry member) {
        return dots(member.owner().asInternalName()) + "#" + member.name().stringValue()
                + member.type().stringValue();
    }

    private static void addType(String internalName, SortedSet<String> types) {
        if (internalName.startsWith("[")) {
            addDescriptor(internalName, types);
        } else {
            types.add(dots(internalName));
        }
    }

    private static void addDescriptor(String descriptor, SortedSet<String> types) {
        Matcher matcher = TYPE_IN_DESCRIPTOR.matcher(descriptor);
        while (matcher.find()) {
            types.add(dots(matcher.group(1)));
        }
    }

    /** Generic types: a {@code List<Disk>} says so only here. */
    private static void addSignatures(ClassModel model, SortedSet<String> types) {
        model.findAttribute(Attributes.signature())
                .ifPresent(signature -> addDescriptor(signature.signature().stringValue(), types));
        model.fields()
                .forEach(field -> field.findAttribute(Attributes.signature())
                        .ifPresent(
                                signature -> addDescriptor(signature.signature().stringValue(), types)));
        model.methods()
                .forEach(method -> method.findAttribute(Attributes.signature())
                        .ifPresent(
                                signature -> addDescriptor(signature.signature().stringValue(), types)));
    }

    private static boolean locks(ClassModel model) {
        return model.methods().stream()
                .anyMatch(method -> method.flags().has(AccessFlag.SYNCHRONIZED)
                        || method.code().stream()
                                .flatMap(code -> code.elementStream())
                                .anyMatch(BuiltClass::isLock));
    }

    private static boolean isLock(CodeElement element) {
        return element instanceof MonitorInstruction monitor && monitor.opcode() == Opcode.MONITORENTER;
    }

    private static String dots(String internalName) {
        return internalName.replace('/', '.');
    }
}
