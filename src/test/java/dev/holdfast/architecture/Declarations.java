package dev.holdfast.architecture;

import com.sun.source.tree.BlockTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.DoWhileLoopTree;
import com.sun.source.tree.EnhancedForLoopTree;
import com.sun.source.tree.ForLoopTree;
import com.sun.source.tree.IfTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.SwitchExpressionTree;
import com.sun.source.tree.SwitchTree;
import com.sun.source.tree.SynchronizedTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.TryTree;
import com.sun.source.tree.VariableTree;
import com.sun.source.tree.WhileLoopTree;
import com.sun.source.util.TreeScanner;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import javax.lang.model.element.Modifier;

/** What one source file declares, measured for {@link TidyTest}. It judges nothing. */
final class Declarations extends TreeScanner<Void, Void> {
    /** A method or constructor with a body; {@code nesting} is how deep its control structures go. */
    record Method(String name, int firstLine, int lastLine, int nesting) {
        int lineCount() {
            return lastLine - firstLine + 1;
        }
    }

    /** Anything with a name of its own: type, method, field, parameter, local variable. */
    record Name(String text, int line) {}

    /** A constructor, or a record's header, which is one. */
    record Constructor(String type, int line, int parameters, boolean ofRecord) {}

    /** A type that is not inside another one. */
    record TopLevelType(String name, int line, boolean documented) {}

    final List<Method> methods = new ArrayList<>();
    final List<Name> names = new ArrayList<>();
    final List<Constructor> constructors = new ArrayList<>();
    final List<TopLevelType> topLevelTypes = new ArrayList<>();
    int checkCalls;

    private final SourceFile file;
    private String type = "";
    private int depth;
    private int deepest;

    private Declarations(SourceFile file) {
        this.file = file;
    }

    static Declarations of(SourceFile file) {
        Declarations declarations = new Declarations(file);
        declarations.scan(file.unit(), null);
        return declarations;
    }

    @Override
    public Void visitClass(ClassTree tree, Void none) {
        String name = tree.getSimpleName().toString();
        name(name, tree);
        if (type.isEmpty() && !name.isEmpty()) {
            boolean documented = file.trees().getDocComment(file.trees().getPath(file.unit(), tree)) != null;
            topLevelTypes.add(new TopLevelType(name, startLine(tree), documented));
        }
        if (tree.getKind() == Tree.Kind.RECORD) {
            long components =
                    tree.getMembers().stream().filter(this::isRecordComponent).count();
            constructors.add(new Constructor(name, startLine(tree), (int) components, true));
        }
        String outer = type;
        type = name.isEmpty() ? outer : name;
        apart(() -> super.visitClass(tree, none));
        type = outer;
        return null;
    }

    /** The parser turns a record's components into fields that are not static. */
    private boolean isRecordComponent(Tree member) {
        return member instanceof VariableTree variable
                && !variable.getModifiers().getFlags().contains(Modifier.STATIC);
    }

    @Override
    public Void visitMethod(MethodTree tree, Void none) {
        boolean constructor = tree.getReturnType() == null;
        String name = constructor ? type : tree.getName().toString();
        if (constructor) {
            constructors.add(
                    new Constructor(type, startLine(tree), tree.getParameters().size(), false));
        } else {
            name(name, tree);
        }
        int nesting = apart(() -> super.visitMethod(tree, none));
        BlockTree body = tree.getBody();
        if (body != null) {
            methods.add(new Method(name, signatureLine(tree), endLine(body), nesting));
        }
        return null;
    }

    @Override
    public Void visitVariable(VariableTree tree, Void none) {
        name(tree.getName().toString(), tree);
        return super.visitVariable(tree, none);
    }

    @Override
    public Void visitMethodInvocation(MethodInvocationTree tree, Void none) {
        if (tree.getMethodSelect() instanceof MemberSelectTree select
                && select.getExpression().toString().equals("Checks")) {
            checkCalls++;
        }
        return super.visitMethodInvocation(tree, none);
    }

    /** An {@code else if} goes on with the chain that it belongs to: it is no deeper than its {@code if}. */
    @Override
    public Void visitIf(IfTree tree, Void none) {
        scan(tree.getCondition(), none);
        deeper(() -> scan(tree.getThenStatement(), none));
        if (tree.getElseStatement() instanceof IfTree next) {
            return visitIf(next, none);
        }
        return deeper(() -> scan(tree.getElseStatement(), none));
    }

    @Override
    public Void visitForLoop(ForLoopTree tree, Void none) {
        return deeper(() -> super.visitForLoop(tree, none));
    }

    @Override
    public Void visitEnhancedForLoop(EnhancedForLoopTree tree, Void none) {
        return deeper(() -> super.visitEnhancedForLoop(tree, none));
    }

    @Override
    public Void visitWhileLoop(WhileLoopTree tree, Void none) {
        return deeper(() -> super.visitWhileLoop(tree, none));
    }

    @Override
    public Void visitDoWhileLoop(DoWhileLoopTree tree, Void none) {
        return deeper(() -> super.visitDoWhileLoop(tree, none));
    }

    @Override
    public Void visitSwitch(SwitchTree tree, Void none) {
        return deeper(() -> super.visitSwitch(tree, none));
    }

    @Override
    public Void visitSwitchExpression(SwitchExpressionTree tree, Void none) {
        return deeper(() -> super.visitSwitchExpression(tree, none));
    }

    @Override
    public Void visitTry(TryTree tree, Void none) {
        return deeper(() -> super.visitTry(tree, none));
    }

    @Override
    public Void visitSynchronized(SynchronizedTree tree, Void none) {
        return deeper(() -> super.visitSynchronized(tree, none));
    }

    private Void deeper(Supplier<Void> inside) {
        depth++;
        deepest = Math.max(deepest, depth);
        inside.get();
        depth--;
        return null;
    }

    /** Measures the depth inside a type or method on its own, not as part of what surrounds it. */
    private int apart(Supplier<Void> inside) {
        int outerDepth = depth;
        int outerDeepest = deepest;
        depth = 0;
        deepest = 0;
        inside.get();
        int result = deepest;
        depth = outerDepth;
        deepest = outerDeepest;
        return result;
    }

    private void name(String text, Tree tree) {
        if (!text.isEmpty()) {
            names.add(new Name(text, startLine(tree)));
        }
    }

    private int startLine(Tree tree) {
        return file.lineOf(file.trees().getSourcePositions().getStartPosition(file.unit(), tree));
    }

    private int endLine(Tree tree) {
        return file.lineOf(file.trees().getSourcePositions().getEndPosition(file.unit(), tree));
    }

    /** Where the method begins without its annotations: those do not make it longer. */
    private int signatureLine(MethodTree tree) {
        if (tree.getModifiers().getAnnotations().isEmpty()) {
            return startLine(tree);
        }
        Tree last = tree.getModifiers().getAnnotations().getLast();
        return Math.min(endLine(last) + 1, startLine(tree.getBody() == null ? tree : tree.getBody()));
    }
}
